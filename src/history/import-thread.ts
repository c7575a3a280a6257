import { StoreError } from '../errors.js';
import type { Done, Outcome, Share } from './import-files.js';

/** A thread that reads past sessions. */
export interface ImportThread {
  /** Has it take its share. Rejects with a StoreError. */
  read(share: Share): Promise<Done>;
  /** It is not needed. */
  stop(): void;
}

/** What is read lives until it is written: in a small nursery it would be copied out first. */
const YOUNG_MB = 32;

/** Starts a thread that waits for its share: that it can read takes it some 40 ms. */
export async function startImportThread(): Promise<ImportThread> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(new URL('./worker.cjs', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const done = new Promise<Done>((resolve, reject) => {
    worker.once('message', (outcome: Outcome) => {
      if (outcome.kind === 'done') resolve(outcome.done);
      else reject(new StoreError(outcome.problem, outcome.message));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('a thread of the import ended early')));
  });
  // Before anybody waits for it: an error is told to who asks.
  done.catch(() => undefined);
  return {
    read(share) {
      worker.postMessage(share);
      return done;
    },
    stop: () => void worker.terminate(),
  };
}
