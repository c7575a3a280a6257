import process from 'node:process';

let state: 'running' | 'stopped' = 'running';

/** Resolves when this process is asked to end: from then on it does not end by itself. A second signal ends it at once. */
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
