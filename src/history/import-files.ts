import type { StoreProblem } from '../errors.js';
import type { PriceEntry } from '../pricing/price.js';
import { Pricer } from '../pricing/pricer.js';
import { createPriceBook } from '../pricing/prices.js';
import { type FileImport, openHistoryStore } from '../store/history.js';
import { importFile } from './file-import.js';
import type { FileTask, Problem } from './found-file.js';
import { createProjectNames } from './project-names.js';
import { openTurnstile } from './turnstile.js';

/** What one thread of an import is given. Plain data: it is copied into the thread. */
export interface Share {
  readonly database: string;
  /** The same for every thread: each takes the next one that nobody has taken. */
  readonly tasks: readonly FileTask[];
  readonly memory: SharedArrayBuffer;
  readonly userPrices: readonly PriceEntry[];
}

/** What one thread has done. */
export interface Done {
  readonly responses: number;
  readonly added: number;
  readonly unreadableLines: number;
  readonly problems: readonly Problem[];
}

/** What a thread says at its end. */
export type Outcome =
  | { readonly kind: 'done'; readonly done: Done }
  | { readonly kind: 'fault'; readonly problem: StoreProblem; readonly message: string };

const CHUNK_BYTES = 256 * 1024;
/** A transaction takes some ten milliseconds, so that a run which records meanwhile never waits long. */
const BATCH_RESPONSES = 2000;
const BATCH_FILES = 500;

/** Reads files and records what they tell until none is left. Throws a StoreError. */
export function importFiles({ database, tasks, memory, userPrices }: Share): Done {
  const turnstile = openTurnstile(memory);
  const store = turnstile.alone(() => openHistoryStore(database));
  const done = { responses: 0, added: 0, unreadableLines: 0, problems: [] as Problem[] };
  let batch: FileImport[] = [];
  let waiting = 0;
  const flush = () => {
    const parts = batch;
    if (parts.length > 0) done.added += turnstile.alone(() => store.write(parts));
    batch = [];
    waiting = 0;
  };
  const tools = {
    pricer: new Pricer(createPriceBook({ user: userPrices })),
    nameProject: createProjectNames(),
    buffer: Buffer.allocUnsafeSlow(CHUNK_BYTES),
    onPart(part: FileImport) {
      batch.push(part);
      waiting += part.responses.length;
      done.responses += part.responses.length;
      if (waiting >= BATCH_RESPONSES || batch.length >= BATCH_FILES) flush();
    },
  };
  try {
    for (let task = tasks[turnstile.next()]; task; task = tasks[turnstile.next()]) {
      const { unreadableLines, problem } = importFile(task, tools);
      done.unreadableLines += unreadableLines;
      if (problem !== undefined) done.problems.push({ path: task.path, reason: problem });
      turnstile.addProgress({ bytes: task.sizeBytes, files: 1 });
    }
    flush();
  } finally {
    turnstile.alone(() => store.close());
  }
  return done;
}
