import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An invocation whose cost records belong into another program's database, too. */
export interface MirrorEntry {
  /** That database. */
  readonly path: string;
  readonly invocationId: string;
}

export interface MirrorQueue {
  add(entry: MirrorEntry): void;
  /** Those that were tried longest ago come first. */
  list(limit: number): MirrorEntry[];
  /** Puts an entry that could not be mirrored at the end. */
  postpone(entry: MirrorEntry): void;
  remove(entry: MirrorEntry): void;
}

/**
 * The queue in `folder`: a file per entry, which holds no counts, so that whoever reads it mirrors what is known by then.
 * Only `add` throws, when nothing can be written.
 */
export function openMirrorQueue(folder: string): MirrorQueue {
  return {
    add(entry) {
      const file = fileOf(folder, entry);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.tmp`, JSON.stringify(entry), { mode: 0o600 });
      renameSync(`${file}.tmp`, file);
    },
    list: (limit) => listFiles(folder).slice(0, limit).flatMap(readEntry),
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

function fileOf(folder: string, { path, invocationId }: MirrorEntry): string {
  // Every command looks into the queue, and hardly any puts something there.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const name = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return join(folder, `${name}-${invocationId}.json`);
}

function listFiles(folder: string): string[] {
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const timed = files.map((name) => {
      const file = join(folder, name);
      return { file, triedAtMs: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
    });
    return timed.sort((a, b) => a.triedAtMs - b.triedAtMs).map(({ file }) => file);
  } catch {
    return [];
  }
}

function readEntry(file: string): MirrorEntry[] {
  try {
    const entry = JSON.parse(readFileSync(file, 'utf8')) as MirrorEntry;
    return typeof entry.path === 'string' && typeof entry.invocationId === 'string' ? [entry] : [];
  } catch {
    return [];
  }
}
