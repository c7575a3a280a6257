import { type ProcessIdentity, readStat, signalProcess } from './processes.js';

/** A check costs some 20 µs on Linux. On other systems it starts `ps`, so checks are fewer. */
const PERIOD_MS = process.platform === 'linux' ? 200 : 400;

/**
 * Stops Codex while the front is stopped, and continues it with the front. No event tells a process that another one was
 * stopped, so this checks a few times a second. (SIGCONT is passed on by the front itself, at once.) Returns a function that
 * ends the checks.
 */
export function sharePauses(frontPid: number, codex: ProcessIdentity): () => void {
  let paused = false;
  const timer = setInterval(async () => {
    const isStopped = await isStoppedProcess(frontPid);
    // This is sent at every check, because the front may have been continued and stopped again since the last one.
    if (isStopped) signalProcess(codex, 'SIGSTOP');
    else if (paused) signalProcess(codex, 'SIGCONT');
    paused = isStopped;
  }, PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}

async function isStoppedProcess(pid: number): Promise<boolean> {
  if (process.platform === 'linux') return readStat(pid)?.state === 'T';
  // On Linux nobody has to wait for what loads it.
  const { execFile } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'state=', '-p', String(pid)], (error, stdout) => resolve(!error && stdout.startsWith('T')));
  });
}
