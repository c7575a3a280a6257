import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const ROLLOUT = /^rollout-.+-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/;
/** Codex's own instructions stand in the header: 22 KB in 0.169. */
const HEADER_BYTES = 64 * 1024;
const HEADER_LIMIT_BYTES = 4 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The thread that a session file is named after, or undefined for a file of another name. */
function threadIdOf(fileName: string): string | undefined {
  return ROLLOUT.exec(fileName)?.[1];
}

/** The folder in which Codex puts a session that starts at `atMs`: `sessions/YYYY/MM/DD` by local time. */
export function dayFolder(codexHome: string, atMs: number): string {
  const day = new Date(atMs);
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  const [month, date] = [twoDigits(day.getMonth() + 1), twoDigits(day.getDate())];
  return join(codexHome, 'sessions', String(day.getFullYear()), month, date);
}

/** That one and those of the days beside it, because a run may cross midnight. */
export function dayFolders(codexHome: string, atMs: number): string[] {
  return [-DAY_MS, 0, DAY_MS].map((shift) => dayFolder(codexHome, atMs + shift));
}

/** The session files in `folder`; none when it cannot be read. */
export async function listSessionFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => threadIdOf(name) !== undefined).map((name) => join(folder, name));
}

/** Notes the session files in `folders`. What it returns tells whether a file has come to one of them since. */
export async function takeInventory(folders: readonly string[]): Promise<(path: string) => boolean> {
  const known = new Set((await Promise.all(folders.map(listSessionFiles))).flat());
  return (path) => folders.includes(dirname(path)) && !known.has(path);
}

/** The first line of a session file, its header; undefined while there is no whole line to read. */
export async function readHeader(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    for (let size = HEADER_BYTES; handle && size <= HEADER_LIMIT_BYTES; size *= 4) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, 0);
      const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
      if (end !== -1) return buffer.toString('utf8', 0, end);
      if (bytesRead < size) return undefined;
    }
    return undefined;
  } finally {
    await handle?.close();
  }
}

/** The file of thread `threadId`, wherever below `codexHome` it is: newest days first, the archive last. */
export async function findSessionFile(codexHome: string, threadId: string): Promise<string | undefined> {
  const isTheThread = (path: string) => path.endsWith(`${threadId}.jsonl`);
  for await (const folder of sessionFolders(codexHome)) {
    const found = (await listSessionFiles(folder)).find(isTheThread);
    if (found) return found;
  }
  return undefined;
}

async function* sessionFolders(codexHome: string): AsyncGenerator<string> {
  const sessions = join(codexHome, 'sessions');
  for (const year of await newestFirst(sessions)) {
    for (const month of await newestFirst(year)) yield* await newestFirst(month);
  }
  yield join(codexHome, 'archived_sessions');
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

/** File systems keep time with a clock of their own: a tick (Linux: up to 10 ms) behind, more over a network. */
const CLOCK_SLACK_MS = 2000;

/** False for a file that is gone by now, or a link that leads nowhere. A file that is looked at in vain does no harm. */
export async function hasGrownSince(path: string, sinceMs: number): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs >= sinceMs - CLOCK_SLACK_MS,
    () => false,
  );
}
