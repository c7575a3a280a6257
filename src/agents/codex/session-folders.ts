import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isFollowable, listSessionFiles } from './sessions.js';

/** A folder with more session files than this is not listed again for each look. */
const LARGE = 2000;

interface Folder {
  /** The names that were there at the first look. */
  readonly known: ReadonlySet<string>;
  /** When it was listed last, by its own time; undefined for a folder that was not there. */
  changedAtMs: number | undefined;
}

/**
 * The session files of some folders. What was there at the first look is told from what came later, and a folder with very
 * many files costs nothing more than that look: from then on only names matter that somebody tells of.
 */
export class SessionFolders {
  readonly #folders = new Map<string, Folder>();
  /** By folder: the names that came or changed. */
  readonly #told = new Map<string, Set<string>>();
  /** The folders whose files were listed by `begin`: only there can a file be told from one that came later. */
  #atFirst: readonly string[] = [];

  /** Takes the first look. What comes to one of the folders from then on is new. */
  async begin(folders: readonly string[]): Promise<void> {
    this.#atFirst = folders;
    await Promise.all(folders.map((folder) => this.#open(folder)));
  }

  /** Whether a file came to one of the first folders since. The machine's clock, which can be set back, is not asked for it. */
  isNew(path: string): boolean {
    const folder = dirname(path);
    return this.#atFirst.includes(folder) && this.#folders.get(folder)?.known.has(basename(path)) === false;
  }

  /** Notes that a file has come, changed or gone. Returns whether it is a session file that is there. */
  tell(folder: string, fileName: string): boolean {
    if (!isFollowable(fileName)) return false;
    const told = this.#told.get(folder) ?? new Set();
    this.#told.set(folder, told);
    const isThere = existsSync(join(folder, fileName));
    if (isThere) told.add(fileName);
    else told.delete(fileName);
    return isThere;
  }

  /** The files in `folder` that are worth a look: all, or of very many those that came or changed. `isWatched`: it tells of them. */
  async list(folder: string, isWatched: boolean): Promise<string[]> {
    const open = this.#folders.get(folder) ?? (await this.#open(folder));
    if (open.known.size <= LARGE) return listSessionFiles(folder);
    if (!isWatched) await this.#listNew(folder, open);
    return [...(this.#told.get(folder) ?? [])].map((name) => join(folder, name));
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
      if (!open.known.has(basename(path))) this.tell(folder, basename(path));
    }
  }
}

function readChange(folder: string): Promise<number | undefined> {
  return stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
