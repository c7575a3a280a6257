import { type ProcessIdentity, readStat, signalProcess } from './processes.js';

/** A look costs some 20 µs on Linux. Elsewhere it starts `ps`, so there are fewer. */
const PERIOD_MS = process.platform === 'linux' ? 200 : 400;

/**
 * Stops Codex while the front is stopped, and lets it go on with it. Nobody tells a process that another one was stopped, so
 * this looks a few times a second. (Of SIGCONT the front tells Codex itself, at once.) Returns what ends it.
 */
export function sharePauses(frontPid: number, codex: ProcessIdentity): () => void {
  let paused = false;
  const timer = setInterval(async () => {
    const isStopped = await isStoppedProcess(frontPid);
    // Each time anew: between two looks the front may have gone on and been stopped again.
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
