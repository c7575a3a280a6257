import process from 'node:process';

let state: 'running' | 'stopped' = 'running';

/** Resolves at the first signal to end. Without a call such a signal ends the process; a second signal always does. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        state = 'stopped';
        resolve();
      });
    }
  });
}

export function wasStopped(): boolean {
  return state === 'stopped';
}
