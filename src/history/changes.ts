import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { monotonicMs } from '../node/clock.js';
import { type FileVersion, readImportedFiles } from '../store/history.js';
import { type Lock, takeLock } from '../store/locks.js';
import type { FileTask, FoundFile, Problem } from './discovery.js';

export interface Changes {
  /** Files that are new or have changed since they were read. */
  readonly tasks: readonly FileTask[];
  /** The problems of the files that have not changed. */
  readonly remaining: readonly Problem[];
}

/** Compares the files that were found with those that are recorded as read. Throws a StoreError. */
function findChanges(files: readonly FoundFile[], database: string): Changes {
  if (files.length === 0) return { tasks: [], remaining: [] };
  // The database is made when something is written to it: here it would be closed again at once.
  if (!existsSync(database)) return { tasks: files.map((file) => ({ ...file, known: undefined })), remaining: [] };
  return readImportedFiles(database, ({ versions, find }) => {
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

/** Files are found mostly in the order of their paths, as `versions` are. A map of all is made only where they are not. */
function createSearch(versions: readonly FileVersion[]): (path: string) => FileVersion | undefined {
  let next = 0;
  let indexes: Map<string, number> | undefined;
  return (path) => {
    if (versions[next]?.[0] !== path) {
      indexes ??= new Map(versions.map(([known], index) => [known, index]));
      const index = indexes.get(path);
      if (index === undefined) return undefined;
      next = index;
    }
    return versions[next++];
  };
}

function hasChanged({ sizeBytes, modifiedAtMs }: FoundFile, [, knownBytes, knownMs]: FileVersion): boolean {
  return sizeBytes !== knownBytes || modifiedAtMs !== knownMs;
}

export interface TurnOptions {
  readonly files: readonly FoundFile[];
  readonly database: string;
  /** How long another import may record none of these files before this one reads them as well. */
  readonly stalledMs?: number;
  /** Called after each wait with how many files the other import has left. */
  readonly onWait?: (left: readonly FileTask[]) => void;
}

export interface Turn extends Changes {
  release(): void;
}

const STALLED_MS = 10_000;
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 160;

/**
 * Finds what has changed when it is this import's turn to read it. While another import reads into the same database, this one
 * waits: it reads only what is left in the end, because the other was killed or did not find it. Rejects with a StoreError.
 */
export async function waitForTurn({ files, database, stalledMs = STALLED_MS, onWait }: TurnOptions): Promise<Turn> {
  let changes = findChanges(files, database);
  let lock: Lock | undefined;
  let waitMs = FIRST_WAIT_MS;
  let progressedAtMs = monotonicMs();
  while (changes.tasks.length > 0 && monotonicMs() - progressedAtMs < stalledMs) {
    lock = takeLock(database, 'import');
    // The other import may have ended since the last comparison.
    if (lock) return { ...findChanges(files, database), release: lock.release };
    await setTimeout(waitMs);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    const before = changes.tasks.length;
    changes = findChanges(files, database);
    onWait?.(changes.tasks);
    if (changes.tasks.length < before) progressedAtMs = monotonicMs();
  }
  return { ...changes, release: () => undefined };
}
