import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { AgentHomes } from '../agents/registry.js';
import type { PriceEntry } from '../pricing/price.js';
import { type FileVersion, lookAtReadFiles } from '../store/history.js';
import { findHistoryFiles } from './discovery.js';
import type { FileTask, FoundFile, Problem } from './found-file.js';
import type { Done, Share } from './import-files.js';
import { type ImportThread, startImportThread } from './import-thread.js';
import { createTurnstileMemory, type Progress, readProgress } from './turnstile.js';

export interface ImportOptions {
  readonly database: string;
  readonly homes: AgentHomes;
  /** The user's own prices. */
  readonly userPrices?: readonly PriceEntry[];
  /**
   * Whether the thread that calls reads files as well, and so does nothing else for some hundredths of a second at a time.
   * It stays free unless this says otherwise. Of little it always reads all.
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

/** Less than this is read at once, in this thread: starting others takes longer. */
const SMALL_BYTES = 8 * 1024 * 1024;
const LARGE_BYTES = 32 * 1024 * 1024;
const MOST_THREADS = 4;
const PROGRESS_MS = 100;

/**
 * Brings the record up to date with the session files that lie in `homes`: what is new in them is read, each response
 * counts once, and what a metered run has recorded stays as it is. Only what has changed since the last import is
 * opened. Files that cannot be read are told in the summary. Rejects with a StoreError.
 */
export async function importHistory(options: ImportOptions): Promise<ImportSummary> {
  const { database, homes } = options;
  const early = isFirst(options) ? startImportThread() : undefined;
  try {
    const { files, problems } = await findHistoryFiles(homes);
    const { tasks, remaining } = files.length === 0 ? NOTHING_TO_DO : findChanges(files, database);
    const done = tasks.length > 0 ? await importAll(tasks, options, early) : [];
    const responses = sum(done, 'responses');
    const added = sum(done, 'added');
    return {
      files: files.length,
      filesRead: tasks.length,
      bytesRead: sum(tasks, 'sizeBytes'),
      added,
      duplicates: responses - added,
      unreadableLines: sum(done, 'unreadableLines'),
      problems: [...problems, ...done.flatMap((part) => part.problems), ...remaining],
    };
  } finally {
    (await early)?.stop();
  }
}

/** Mostly there is much to read then: a thread starts while it is looked for. */
function isFirst({ database, callingThread }: ImportOptions): boolean {
  return callingThread === 'reads' && availableParallelism() > 1 && !existsSync(database);
}

interface Changes {
  /** Files that are new or have changed. */
  readonly tasks: FileTask[];
  /** What is still wrong with the others. */
  readonly remaining: readonly Problem[];
}

const NOTHING_TO_DO: Changes = { tasks: [], remaining: [] };

function findChanges(files: readonly FoundFile[], database: string): Changes {
  // It is made when something is written to it: here it would be closed again at once.
  if (!existsSync(database)) return { tasks: files.map((file) => ({ ...file, known: undefined })), remaining: [] };
  return lookAtReadFiles(database, ({ versions, find }) => {
    const findVersion = createSearch(versions);
    const tasks: FileTask[] = [];
    const remaining: Problem[] = [];
    for (const file of files) {
      const before = findVersion(file.path);
      if (!before || hasChanged(file, before)) tasks.push({ ...file, known: before && find(file.path) });
      else if (before[3]) remaining.push({ path: file.path, reason: before[3] });
    }
    return { tasks, remaining };
  });
}

/** Files are found in the order of their paths, mostly, as `versions` are: a map of all is made where they are not. */
function createSearch(versions: readonly FileVersion[]): (path: string) => FileVersion | undefined {
  let next = 0;
  let places: Map<string, number> | undefined;
  return (path) => {
    if (versions[next]?.[0] !== path) {
      places ??= new Map(versions.map(([known], place) => [known, place]));
      const place = places.get(path);
      if (place === undefined) return undefined;
      next = place;
    }
    return versions[next++];
  };
}

function hasChanged({ sizeBytes, modifiedAtMs }: FoundFile, [, knownBytes, knownMs]: FileVersion): boolean {
  return sizeBytes !== knownBytes || modifiedAtMs !== knownMs;
}

async function importAll(
  tasks: FileTask[],
  options: ImportOptions,
  early: Promise<ImportThread> | undefined,
): Promise<Done[]> {
  const { database, userPrices = [], callingThread, onProgress } = options;
  const all = { bytes: sum(tasks, 'sizeBytes'), files: tasks.length };
  const memory = createTurnstileMemory();
  const share: Share = { database, tasks: tasks.sort(largeThenOldFirst), memory, userPrices };
  if (all.bytes <= SMALL_BYTES) return [await importHere(share)];
  const timer = setInterval(() => onProgress?.(readProgress(memory), all), PROGRESS_MS);
  try {
    const threads = Math.min(availableParallelism(), MOST_THREADS, tasks.length);
    const others = callingThread === 'reads' ? threads - 1 : threads;
    const shares = Array.from({ length: others }, async (_, index) => {
      const thread = await ((index === 0 && early) || startImportThread());
      return thread.read(share);
    });
    return await Promise.all(callingThread === 'reads' ? [...shares, importHere(share)] : shares);
  } finally {
    clearInterval(timer);
  }
}

/** What reads sessions is loaded when there are any to read: mostly nothing has changed. */
async function importHere(share: Share): Promise<Done> {
  const { importFilesInTurns } = await import('./import-files.js');
  return importFilesInTurns(share);
}

/** A large file last would leave the other threads idle. The others by name, as they were written: so SQLite appends. */
function largeThenOldFirst(a: FileTask, b: FileTask): number {
  const large = (task: FileTask) => (task.sizeBytes > LARGE_BYTES ? task.sizeBytes : 0);
  return large(b) - large(a) || (a.path < b.path ? -1 : 1);
}

function sum<Key extends string>(parts: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return parts.reduce((total, part) => total + part[key], 0);
}
