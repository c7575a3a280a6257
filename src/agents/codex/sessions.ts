import { readdirSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openForReading } from '../../files/regular-file.js';
import { idTimeMs } from '../../usage/thread-id.js';
import { comparePages, parseSessionFileName, type SessionFileName } from './session-file.js';

/** The header holds Codex's own instructions: 22 KB in 0.169. */
const HEADER_BYTES = 64 * 1024;
const HEADER_LIMIT_BYTES = 4 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Returns the folder in which Codex puts a session that starts at `atMs`: `sessions/YYYY/MM/DD` by local time. */
export function dayFolder(codexHome: string, atMs: number): string {
  const day = new Date(atMs);
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  const [month, date] = [twoDigits(day.getMonth() + 1), twoDigits(day.getDate())];
  return join(codexHome, 'sessions', String(day.getFullYear()), month, date);
}

/** Returns the folders of that day, of the day before and of the day after: a run may cross midnight. */
export function dayFolders(codexHome: string, atMs: number): string[] {
  return [-DAY_MS, 0, DAY_MS].map((shift) => dayFolder(codexHome, atMs + shift));
}

/** Returns the session files in `folder` that a run may follow; none when it cannot be read. */
export async function listSessionFiles(folder: string): Promise<string[]> {
  return readNames(folder)
    .filter(isFollowable)
    .map((name) => join(folder, name));
}

/** Synchronous, as `hasGrownSince`: a run asks several times a second. */
function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether a run can write to a file of this name: Codex writes to no compressed file, and always puts the thread's id into the name. */
export function isFollowable(fileName: string): boolean {
  const name = parseSessionFileName(fileName);
  return name?.threadId !== undefined && !name.isCompressed;
}

/** Returns the first line of a session file, its header. Undefined while the line is not whole. */
export async function readHeader(path: string): Promise<string | undefined> {
  const handle = await openForReading(path).catch(() => undefined);
  try {
    for (let size = HEADER_BYTES; handle && size <= HEADER_LIMIT_BYTES; size *= 4) {
      // A folder or a pipe has no header.
      const read = await handle.read(Buffer.alloc(size), 0, size, 0).catch(() => undefined);
      if (!read) return undefined;
      const { bytesRead, buffer } = read;
      const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
      if (end !== -1) return buffer.toString('utf8', 0, end);
      if (bytesRead < size) return undefined;
    }
    return undefined;
  } finally {
    await handle?.close();
  }
}

/**
 * Returns the files of a thread below `codexHome`, the newest page first: the file that it began with, and one for each
 * time that it was taken back to an earlier turn. Days before the one on which the thread's id was made are not searched.
 */
export async function findThreadFiles(codexHome: string, threadId: string): Promise<string[]> {
  const begunAtMs = idTimeMs(threadId);
  const sinceThen = begunAtMs === undefined ? undefined : dayFolder(codexHome, begunAtMs - DAY_MS);
  const isOfThread = (name: SessionFileName) => name.threadId === threadId;
  let found = await collect(findFiles(codexHome, isOfThread, sinceThen));
  // Somebody may have moved the file to an earlier day's folder.
  if (found.length === 0 && sinceThen) found = await collect(findFiles(codexHome, isOfThread));
  return found.sort((a, b) => comparePages(b, a));
}

/**
 * Returns the session file that `history_base` in another file's header names: by the id of a page, or by the id of a thread,
 * which means the file that the thread began with. Undefined when it does not exist any more.
 */
export async function findHistoryBase(codexHome: string, id: string): Promise<string | undefined> {
  const isTheOne = ({ threadId, pageId }: SessionFileName) => (pageId ?? threadId) === id;
  for await (const path of findFiles(codexHome, isTheOne)) return path;
  return undefined;
}

/** Yields session files whose name `isWanted`: the newest days first, down to the folder `oldest`, and the archive last. */
async function* findFiles(
  codexHome: string,
  isWanted: (name: SessionFileName) => boolean,
  oldest = '',
): AsyncGenerator<string> {
  const archive = archiveFolder(codexHome);
  for await (const folder of sessionFolders(codexHome)) {
    if (folder < oldest && folder !== archive) continue;
    for (const path of await listSessionFiles(folder)) {
      const name = parseSessionFileName(basename(path));
      if (name && isWanted(name)) yield path;
    }
  }
}

async function collect(paths: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const path of paths) all.push(path);
  return all;
}

async function* sessionFolders(codexHome: string): AsyncGenerator<string> {
  const sessions = join(codexHome, 'sessions');
  for (const year of await newestFirst(sessions)) {
    for (const month of await newestFirst(year)) yield* await newestFirst(month);
  }
  yield archiveFolder(codexHome);
}

function archiveFolder(codexHome: string): string {
  return join(codexHome, 'archived_sessions');
}

async function newestFirst(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

/** The clock of a file system lags behind: by up to 10 ms on Linux, by more over a network. */
const CLOCK_SLACK_MS = 2000;

/** Whether a file was written to since `sinceMs`. False for a file that is gone, and for a link that leads nowhere. */
export async function hasGrownSince(path: string, sinceMs: number): Promise<boolean> {
  // This is synchronous because there can be many files, and handing each to Node's thread pool takes ten times as long.
  try {
    return statSync(path).mtimeMs >= sinceMs - CLOCK_SLACK_MS;
  } catch {
    return false;
  }
}
