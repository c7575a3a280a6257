import { parentPort } from 'node:worker_threads';
import { StoreError } from '../errors.js';
import { importFiles, type Outcome, type Share } from './import-files.js';

parentPort?.once('message', (share: Share) => parentPort?.postMessage(work(share)));

/** An error loses its class on its way out of a thread. */
function work(share: Share): Outcome {
  try {
    return { kind: 'done', done: importFiles(share) };
  } catch (error) {
    if (error instanceof StoreError) return { kind: 'fault', problem: error.problem, message: error.message };
    throw error;
  }
}
