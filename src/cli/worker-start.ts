import { runBundle } from './bundle.js';

/** Runs a thread of the import (`src/history/worker.ts`). */
runBundle('worker-main');
