import { setImmediate } from 'node:timers/promises';
import { openReaders } from '../agents/readers.js';
import type { NameProject } from '../agents/session-reader.js';
import type { StoreProblem } from '../errors.js';
import { nameProject } from '../io/work-tree.js';
import { monotonicMs } from '../node/clock.js';
import type { PriceEntry } from '../pricing/price.js';
import { Pricer } from '../pricing/pricer.js';
import { createPriceBook } from '../pricing/prices.js';
import { type FileImport, type HistoryStore, openHistoryStore, PATIENCE_MS } from '../store/history.js';
import type { FileTask, Problem } from './discovery.js';
import { type FileImportTools, importFile } from './file-import.js';
import { openSharedWork, retryWhileBusy, type SharedWork } from './shared-work.js';

/** What each thread of an import is given. It is plain data, because it is copied into the thread. */
export interface ImportJob {
  readonly database: string;
  /** All files, the same for every thread: each takes the next one that no other has taken. */
  readonly tasks: readonly FileTask[];
  readonly memory: SharedArrayBuffer;
  readonly userPrices: readonly PriceEntry[];
}

/** What one thread has done. `responses` are all that it found, `added` those that were new to the record. */
export interface ThreadResult {
  readonly responses: number;
  readonly added: number;
  readonly unreadableLines: number;
  readonly problems: readonly Problem[];
}

/** The message that a thread posts at its end. */
export type ThreadOutcome =
  | { readonly kind: 'done'; readonly result: ThreadResult }
  | { readonly kind: 'fault'; readonly problem: StoreProblem; readonly message: string };

/** How long the calling thread reads before what else waits for it has its turn. */
const TURN_MS = 40;
/** A transaction takes some ten milliseconds, so that a run which records meanwhile never waits long. */
const BATCH_ROWS = 2000;
/** Responses that are packed are written in the time of so many fewer rows, or less. */
const PACKED_PER_ROW = 4;
const BATCH_FILES = 500;

/** Reads and records files until none is left, in a thread that has nothing else to do. Throws a StoreError. */
export function importFiles(job: ImportJob): ThreadResult {
  const shared = openSharedWork(job.memory);
  const pricer = createPricer(job);
  const store = shared.writeAlone(() => openStore(job, pricer, PATIENCE_MS));
  const work = new Work(job, store, pricer, () => shared.writeAlone(() => work.write()));
  try {
    while (work.read(shared.takeFile('first', job.tasks.length))) {}
    shared.writeAlone(() => work.write());
  } finally {
    shared.writeAlone(() => store.close());
  }
  return work.result;
}

/**
 * Does the same in a thread that has other things to do as well: it gives way every few hundredths of a second, and while
 * another thread writes. It begins with the last of the files, because the first are large. Rejects with a StoreError.
 */
export async function importFilesInTurns(job: ImportJob): Promise<ThreadResult> {
  const shared = openSharedWork(job.memory);
  const pricer = createPricer(job);
  const store = await retryWhileBusy(PATIENCE_MS, () => openStore(job, pricer, 0));
  const work = new Work(job, store, pricer);
  const write = () => retryWhileBusy(PATIENCE_MS, () => shared.tryToWrite(() => work.write()));
  try {
    let turnEndsAt = monotonicMs() + TURN_MS;
    while (work.read(shared.takeFile('last', job.tasks.length))) {
      if (work.isFull) await write();
      if (monotonicMs() < turnEndsAt) continue;
      await setImmediate();
      turnEndsAt = monotonicMs() + TURN_MS;
    }
    await write();
  } finally {
    store.close();
  }
  return work.result;
}

function createPricer({ userPrices }: ImportJob): Pricer {
  return new Pricer(createPriceBook({ user: userPrices }));
}

function openStore({ database }: ImportJob, pricer: Pricer, busyTimeoutMs: number): HistoryStore {
  return openHistoryStore(database, { busyTimeoutMs, bill: (response) => pricer.bill(response) });
}

/** Reads files and holds what was found in them until it is written. */
class Work {
  readonly result = { responses: 0, added: 0, unreadableLines: 0, problems: [] as Problem[] };
  readonly #job: ImportJob;
  readonly #store: HistoryStore;
  readonly #shared: SharedWork;
  readonly #tools: FileImportTools;
  #batch: FileImport[] = [];
  #waitingRows = 0;

  /** `onFull` is called as soon as enough waits to be written, also in the middle of a file. */
  constructor(job: ImportJob, store: HistoryStore, pricer: Pricer, onFull?: () => void) {
    this.#job = job;
    this.#store = store;
    this.#shared = openSharedWork(job.memory);
    this.#tools = {
      createReaders: openReaders({ pricer, nameProject: createProjectNames() }),
      onPart: (part) => {
        this.#batch.push(part);
        const packed = part.packs.reduce((total, { responses }) => total + responses, 0);
        this.#waitingRows += part.responses.length + packed / PACKED_PER_ROW;
        this.result.responses += part.responses.length + packed;
        if (this.isFull) onFull?.();
      },
    };
  }

  get isFull(): boolean {
    return this.#waitingRows >= BATCH_ROWS || this.#batch.length >= BATCH_FILES;
  }

  /** Reads the file at `index`. Returns false where there is none. */
  read(index: number | undefined): boolean {
    const task = index === undefined ? undefined : this.#job.tasks[index];
    if (!task) return false;
    const { unreadableLines, problem } = importFile(task, this.#tools);
    this.result.unreadableLines += unreadableLines;
    if (problem !== undefined) this.result.problems.push({ path: task.path, reason: problem });
    this.#shared.addProgress({ bytes: task.sizeBytes, files: 1 });
    return true;
  }

  /** Writes what waits. When it throws, all of it waits on. */
  write(): void {
    if (this.#batch.length > 0) this.result.added += this.#store.write(this.#batch);
    this.#batch = [];
    this.#waitingRows = 0;
  }
}

/** Names the project of a directory, and remembers it: a history has many sessions in few directories. */
function createProjectNames(): NameProject {
  const names = new Map<string, string>();
  return (cwd) => {
    const name = names.get(cwd) ?? nameProject(cwd).value;
    names.set(cwd, name);
    return name;
  };
}
