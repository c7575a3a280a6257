import { setImmediate } from 'node:timers/promises';
import { openReaders } from '../agents/readers.js';
import type { StoreProblem } from '../errors.js';
import type { PriceEntry } from '../pricing/price.js';
import { Pricer } from '../pricing/pricer.js';
import { createPriceBook } from '../pricing/prices.js';
import { type FileImport, type HistoryStore, openHistoryStore, PATIENCE_MS } from '../store/history.js';
import { type FileImportTools, importFile } from './file-import.js';
import type { FileTask, Problem } from './found-file.js';
import { patiently } from './patience.js';
import { createProjectNames } from './project-names.js';
import { openTurnstile, type Turnstile } from './turnstile.js';

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

/** How long this thread reads before whatever else waits for it has its turn. */
const TURN_MS = 40;
/** A transaction takes some ten milliseconds, so that a run which records meanwhile never waits long. */
const BATCH_ROWS = 2000;
/** Responses that are packed are written in the time of so many fewer rows, or less. */
const PACKED_PER_ROW = 4;
const BATCH_FILES = 500;

/** Reads files and records what they tell until none is left, in a thread that has nothing else to do. Throws a StoreError. */
export function importFiles(share: Share): Done {
  const turnstile = openTurnstile(share.memory);
  const pricer = createPricer(share);
  const store = turnstile.alone(() => openStore(share, pricer, PATIENCE_MS));
  const work = new Work(share, store, pricer, () => turnstile.alone(() => work.write()));
  try {
    while (work.readNext(turnstile.take('first', share.tasks.length))) {}
    turnstile.alone(() => work.write());
  } finally {
    turnstile.alone(() => store.close());
  }
  return work.done;
}

/**
 * The same in a thread that others need as well: it is theirs after each turn of some hundredths of a second, and while
 * somebody else writes. It begins with the last of the files: the first are large.
 */
export async function importFilesInTurns(share: Share): Promise<Done> {
  const turnstile = openTurnstile(share.memory);
  const pricer = createPricer(share);
  const store = await patiently(PATIENCE_MS, () => openStore(share, pricer, 0));
  const work = new Work(share, store, pricer);
  const write = () => patiently(PATIENCE_MS, () => turnstile.attempt(() => work.write()));
  try {
    let turnEndsAt = performance.now() + TURN_MS;
    while (work.readNext(turnstile.take('last', share.tasks.length))) {
      if (work.isFull) await write();
      if (performance.now() < turnEndsAt) continue;
      await setImmediate();
      turnEndsAt = performance.now() + TURN_MS;
    }
    await write();
  } finally {
    store.close();
  }
  return work.done;
}

function createPricer({ userPrices }: Share): Pricer {
  return new Pricer(createPriceBook({ user: userPrices }));
}

function openStore({ database }: Share, pricer: Pricer, busyTimeoutMs: number): HistoryStore {
  return openHistoryStore(database, { busyTimeoutMs, bill: (response) => pricer.bill(response) });
}

/** What a thread reads, and what of it waits to be written. */
class Work {
  readonly done = { responses: 0, added: 0, unreadableLines: 0, problems: [] as Problem[] };
  readonly #share: Share;
  readonly #store: HistoryStore;
  readonly #turnstile: Turnstile;
  readonly #tools: FileImportTools;
  #batch: FileImport[] = [];
  #waitingRows = 0;

  /** `onFull`: called as soon as enough waits to be written, also in the middle of a file. */
  constructor(share: Share, store: HistoryStore, pricer: Pricer, onFull?: () => void) {
    this.#share = share;
    this.#store = store;
    this.#turnstile = openTurnstile(share.memory);
    this.#tools = {
      createReaders: openReaders({ pricer, nameProject: createProjectNames() }),
      onPart: (part) => {
        this.#batch.push(part);
        const packed = part.packs.reduce((total, { responses }) => total + responses, 0);
        this.#waitingRows += part.responses.length + packed / PACKED_PER_ROW;
        this.done.responses += part.responses.length + packed;
        if (this.isFull) onFull?.();
      },
    };
  }

  get isFull(): boolean {
    return this.#waitingRows >= BATCH_ROWS || this.#batch.length >= BATCH_FILES;
  }

  /** False where there is no such file. */
  readNext(index: number | undefined): boolean {
    const task = index === undefined ? undefined : this.#share.tasks[index];
    if (!task) return false;
    const { unreadableLines, problem } = importFile(task, this.#tools);
    this.done.unreadableLines += unreadableLines;
    if (problem !== undefined) this.done.problems.push({ path: task.path, reason: problem });
    this.#turnstile.addProgress({ bytes: task.sizeBytes, files: 1 });
    return true;
  }

  /** What cannot be written now is kept. */
  write(): void {
    if (this.#batch.length > 0) this.done.added += this.#store.write(this.#batch);
    this.#batch = [];
    this.#waitingRows = 0;
  }
}
