import { parentPort } from 'node:worker_threads';
import { StoreError } from '../errors.js';
import { type ImportJob, importFiles, type ThreadOutcome } from './import-files.js';

parentPort?.once('message', (job: ImportJob) => parentPort?.postMessage(work(job)));

/** A StoreError is posted as data, because an error loses its class on its way out of a thread. */
function work(job: ImportJob): ThreadOutcome {
  try {
    return { kind: 'done', result: importFiles(job) };
  } catch (error) {
    if (error instanceof StoreError) return { kind: 'fault', problem: error.problem, message: error.message };
    throw error;
  }
}
