import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Starts this program again as the worker of a run or a chat, in a process group of its own. Returns its pid. */
export function startWorker(kind: 'run' | 'chat', id: string): number {
  // What a worker cannot handle stands in this log alone.
  const log = openSync('control-center.log', 'a');
  const worker = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', kind, id], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  worker.unref();
  if (worker.pid === undefined) throw new Error(`the worker of ${kind} ${id} could not be started`);
  return worker.pid;
}

/** Ends a worker with all that it has started: by force what has not ended by itself after a while. */
export async function stopWorker(pid: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let isAlive = signalGroup(pid, 'SIGTERM');
  while (isAlive && Date.now() < deadline) {
    await delay(50);
    isAlive = signalGroup(pid, 0);
  }
  if (isAlive) signalGroup(pid, 'SIGKILL');
}

const PATIENCE_MS = 4000;

/** Returns whether there was anyone to signal. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}
