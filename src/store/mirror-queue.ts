import { lstatSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files/folders.js';
import { listHandoverFiles, readHandoverFile, setAside } from '../files/handover-files.js';
import { replaceFile } from '../files/regular-file.js';
import { ESTIMATE_MODES, type EstimateMode } from '../usage/options.js';

/** An invocation whose cost records belong into another program's database, too. */
export interface MirrorEntry {
  /** That database. */
  readonly path: string;
  readonly invocationId: string;
  readonly estimates: EstimateMode;
}

type EntryName = Pick<MirrorEntry, 'path' | 'invocationId'>;

export interface MirrorQueue {
  add(entry: MirrorEntry): void;
  isEmpty(): boolean;
  /** Those that were tried longest ago come first. What is no entry is set aside. */
  list(limit: number): MirrorEntry[];
  /** Puts an entry that could not be mirrored at the end. */
  postpone(entry: EntryName): void;
  remove(entry: EntryName): void;
}

/**
 * The queue in `folder`: a file per entry, which holds no counts, so that whoever reads it mirrors what is known by then.
 * Only `add` throws, when nothing can be written.
 */
export function openMirrorQueue(folder: string): MirrorQueue {
  return {
    add(entry) {
      makeFolder(folder);
      replaceFile(fileOf(folder, entry), JSON.stringify(entry), 0o600);
    },
    isEmpty: () => listHandoverFiles(folder).length === 0,
    list(limit) {
      const entries: MirrorEntry[] = [];
      for (const file of listFiles(folder)) {
        if (entries.length === limit) break;
        const entry = readEntry(folder, file);
        if (entry) entries.push(entry);
      }
      return entries;
    },
    postpone(entry) {
      try {
        utimesSync(fileOf(folder, entry), new Date(), new Date());
      } catch {
        // Another process has done with it.
      }
    },
    remove: (entry) => rmSync(fileOf(folder, entry), { force: true }),
  };
}

function fileOf(folder: string, { path, invocationId }: EntryName): string {
  // Every command looks into the queue, and hardly any puts something there.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const name = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return join(folder, `${name}-${invocationId}.json`);
}

/** The files of the queue, those that were tried longest ago first. */
function listFiles(folder: string): string[] {
  const timed = listHandoverFiles(folder).map((file) => ({ file, triedAtMs: readTime(file) }));
  return timed.sort((a, b) => a.triedAtMs - b.triedAtMs).map(({ file }) => file);
}

function readTime(file: string): number {
  try {
    return lstatSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/** Undefined for a file that is gone, or is no entry: that one is set aside, so that it takes nobody's turn. */
function readEntry(folder: string, file: string): MirrorEntry | undefined {
  const kept = readHandoverFile(file);
  if (kept.kind === 'later') return undefined;
  const entry = kept.kind === 'text' ? parseEntry(kept.text) : undefined;
  // One under another name could be neither postponed nor removed.
  if (entry && fileOf(folder, entry) === file) return entry;
  setAside(file, kept.kind === 'bad' ? kept.reason : 'it is no entry of this queue');
  return undefined;
}

function parseEntry(json: string): MirrorEntry | undefined {
  try {
    const { path, invocationId, estimates } = JSON.parse(json) as Record<keyof MirrorEntry, unknown>;
    if (typeof path !== 'string' || typeof invocationId !== 'string') return undefined;
    // Earlier versions did not say it.
    return { path, invocationId, estimates: ESTIMATE_MODES.find((mode) => mode === estimates) ?? 'replace' };
  } catch {
    return undefined;
  }
}
