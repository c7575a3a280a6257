import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { AgentHomes } from '../agents/registry.js';
import { StoreError } from '../errors.js';
import type { PriceEntry } from '../pricing/price.js';
import { waitForTurn } from './changes.js';
import { type FileTask, findHistoryFiles, type Problem } from './discovery.js';
import type { ImportJob, ThreadOutcome, ThreadResult } from './import-files.js';
import { createSharedMemory, type Progress, readProgress } from './shared-work.js';

export interface ImportOptions {
  readonly database: string;
  readonly homes: AgentHomes;
  /** The prices that the user has configured. */
  readonly userPrices?: readonly PriceEntry[];
  /**
   * Whether the thread that calls reads files as well, and so does nothing else for some hundredths of a second at a time.
   * By default it stays free, but it always reads a small history alone.
   */
  readonly callingThread?: 'reads' | 'stays free';
  /** Called some ten times a second while files are read. */
  readonly onProgress?: (done: Progress, all: Progress) => void;
}

export interface ImportSummary {
  /** How many session files there are. */
  readonly files: number;
  /** Those of them that were new or had changed, and so were read. */
  readonly filesRead: number;
  readonly bytesRead: number;
  /** Responses that are new to the record. */
  readonly added: number;
  /** Responses that had been recorded before: by a metered run, an earlier import or a copy of the same session. */
  readonly duplicates: number;
  readonly unreadableLines: number;
  readonly problems: readonly Problem[];
}

/** Less than this is read by the calling thread alone: starting others takes longer. */
const SMALL_BYTES = 8 * 1024 * 1024;
const LARGE_BYTES = 32 * 1024 * 1024;
const MOST_THREADS = 4;
const PROGRESS_MS = 100;

/**
 * Brings the record up to date with the session files in `homes`: what is new in them is read, each response
 * counts once, and what a metered run has recorded stays as it is. Only what has changed since the last import is
 * opened, and of several imports at the same time one reads each file. Files that cannot be read are in the summary's
 * `problems`. Rejects with a StoreError.
 */
export async function importHistory(options: ImportOptions): Promise<ImportSummary> {
  const { database, homes, onProgress } = options;
  const early = isFirst(options) ? startImportThread() : undefined;
  try {
    const { files, problems } = await findHistoryFiles(homes);
    const all = sizeOf(files);
    const onWait = (left: readonly FileTask[]) => onProgress?.(subtract(all, sizeOf(left)), all);
    const { tasks, remaining, release } = await waitForTurn({ files, database, onWait });
    try {
      const results = tasks.length > 0 ? await importAll(tasks, options, early) : [];
      const responses = sum(results, 'responses');
      const added = sum(results, 'added');
      return {
        files: files.length,
        filesRead: tasks.length,
        bytesRead: sum(tasks, 'sizeBytes'),
        added,
        duplicates: responses - added,
        unreadableLines: sum(results, 'unreadableLines'),
        problems: [...problems, ...results.flatMap((result) => result.problems), ...remaining],
      };
    } finally {
      release();
    }
  } finally {
    (await early)?.stop();
  }
}

/** Mostly there is much to read when there is no database yet: a thread is started while the folders are searched. */
function isFirst({ database, callingThread }: ImportOptions): boolean {
  return callingThread === 'reads' && availableParallelism() > 1 && !existsSync(database);
}

async function importAll(
  tasks: readonly FileTask[],
  options: ImportOptions,
  early: Promise<ImportThread> | undefined,
): Promise<ThreadResult[]> {
  const { database, userPrices = [], callingThread, onProgress } = options;
  const all = sizeOf(tasks);
  const memory = createSharedMemory();
  const job: ImportJob = { database, tasks: [...tasks].sort(largeThenOldFirst), memory, userPrices };
  if (all.bytes <= SMALL_BYTES) return [await importHere(job)];
  const timer = setInterval(() => onProgress?.(readProgress(memory), all), PROGRESS_MS);
  try {
    const threads = Math.min(availableParallelism(), MOST_THREADS, tasks.length);
    const others = callingThread === 'reads' ? threads - 1 : threads;
    const results = Array.from({ length: others }, async (_, index) => {
      const thread = await ((index === 0 && early) || startImportThread());
      return thread.read(job);
    });
    return await Promise.all(callingThread === 'reads' ? [...results, importHere(job)] : results);
  } finally {
    clearInterval(timer);
  }
}

/** What reads sessions is loaded only when there are any to read. */
async function importHere(job: ImportJob): Promise<ThreadResult> {
  const { importFilesInTurns } = await import('./import-files.js');
  return importFilesInTurns(job);
}

/**
 * Sorts large files first, because one at the end would leave the other threads idle, and the others in the order in which they were
 * written, so that SQLite appends.
 */
function largeThenOldFirst(a: FileTask, b: FileTask): number {
  const large = (task: FileTask) => (task.sizeBytes > LARGE_BYTES ? task.sizeBytes : 0);
  return large(b) - large(a) || (a.path < b.path ? -1 : 1);
}

interface ImportThread {
  /** Gives the thread its job. Rejects with a StoreError. */
  read(job: ImportJob): Promise<ThreadResult>;
  /** Ends a thread that is not needed. */
  stop(): void;
}

/** What was read lives until it is written: in a smaller nursery it would be copied out first. */
const YOUNG_MB = 32;

/** Starts a thread that waits for its job. It takes some 40 ms until it can read. */
async function startImportThread(): Promise<ImportThread> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(new URL('./worker.cjs', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const result = new Promise<ThreadResult>((resolve, reject) => {
    worker.once('message', (outcome: ThreadOutcome) => {
      if (outcome.kind === 'done') resolve(outcome.result);
      else reject(new StoreError(outcome.problem, outcome.message));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('a thread of the import ended early')));
  });
  // Without this an error that comes before anybody waits for the result would end the process.
  result.catch(() => undefined);
  return {
    read(job) {
      worker.postMessage(job);
      return result;
    },
    stop: () => void worker.terminate(),
  };
}

function sizeOf(files: readonly { readonly sizeBytes: number }[]): Progress {
  return { bytes: sum(files, 'sizeBytes'), files: files.length };
}

function subtract(a: Progress, b: Progress): Progress {
  return { bytes: a.bytes - b.bytes, files: a.files - b.files };
}

function sum<Key extends string>(parts: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return parts.reduce((total, part) => total + part[key], 0);
}
