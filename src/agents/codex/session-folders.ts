import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isFollowable, listSessionFiles } from './sessions.js';

/** A folder with more session files than this is not listed anew for each discovery. */
const LARGE = 2000;

interface Folder {
  /** The names that were there when it was listed first. */
  readonly known: ReadonlySet<string>;
  /** The folder's modification time when it was listed last (epoch milliseconds); undefined while it did not exist. */
  changedAtMs: number | undefined;
}

/**
 * The session files of some folders. It distinguishes files that were there when the run began from those that came later. A folder
 * with very many files is listed once; from then on only the names matter for which the file system reports a change.
 */
export class SessionFolders {
  readonly #folders = new Map<string, Folder>();
  /** The names of files that came or changed, by folder. */
  readonly #changed = new Map<string, Set<string>>();
  /** The folders that `begin` listed. Only there is it known which files came later. */
  #first: readonly string[] = [];

  /** Lists the folders for the first time. A file that comes to one of them from then on is new. */
  async begin(folders: readonly string[]): Promise<void> {
    this.#first = folders;
    await Promise.all(folders.map((folder) => this.#open(folder)));
  }

  /** Whether a file came to one of those folders after `begin`. This does not depend on the clock, which can be set back. */
  isNew(path: string): boolean {
    const folder = dirname(path);
    return this.#first.includes(folder) && this.#folders.get(folder)?.known.has(basename(path)) === false;
  }

  /** Notes that a file has come, changed or gone. Returns whether it is a session file that is there. */
  noteChange(folder: string, fileName: string): boolean {
    if (!isFollowable(fileName)) return false;
    const changed = this.#changed.get(folder) ?? new Set();
    this.#changed.set(folder, changed);
    const isThere = existsSync(join(folder, fileName));
    if (isThere) changed.add(fileName);
    else changed.delete(fileName);
    return isThere;
  }

  /**
   * Returns the files in `folder` that may have to be followed: all files, or in a large folder those that came or changed.
   * `isWatched`: changes in it are reported, so that a large folder need not be listed.
   */
  async list(folder: string, isWatched: boolean): Promise<string[]> {
    const open = this.#folders.get(folder) ?? (await this.#open(folder));
    if (open.known.size <= LARGE) return listSessionFiles(folder);
    if (!isWatched) await this.#listNew(folder, open);
    return [...(this.#changed.get(folder) ?? [])].map((name) => join(folder, name));
  }

  async #open(folder: string): Promise<Folder> {
    const changedAtMs = await readChange(folder);
    const known = new Set((await listSessionFiles(folder)).map((path) => basename(path)));
    const open: Folder = { known, changedAtMs };
    this.#folders.set(folder, open);
    return open;
  }

  async #listNew(folder: string, open: Folder): Promise<void> {
    const changedAtMs = await readChange(folder);
    if (changedAtMs === open.changedAtMs) return;
    open.changedAtMs = changedAtMs;
    for (const path of await listSessionFiles(folder)) {
      if (!open.known.has(basename(path))) this.noteChange(folder, basename(path));
    }
  }
}

function readChange(folder: string): Promise<number | undefined> {
  return stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
