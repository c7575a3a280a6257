import { constants } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseSessionFileName } from '../usage/session-file.js';

const ACCESS_MODE = constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR;

/**
 * The session files that Codex, running as `pid`, holds open for writing: that names the file of a run whose output we must not
 * read, and its sub-agents' files. Where `pid` is npm's launcher they are its child's. Only Linux tells; elsewhere
 * there are none. What it has open for reading is no sign: it looks into other runs' files, and into its parent's when it
 * forks (0.125 to 0.169; the releases from 0.42 on hold their own open for writing).
 */
export async function listOpenSessionFiles(pid: number): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const own = await listOpen(pid);
  // Only a process without any is the launcher: a codex that Codex runs as a tool has files too, which are not ours.
  if (own.length > 0) return own;
  return (await Promise.all((await listChildren(pid)).map(listOpen))).flat();
}

async function listOpen(pid: number): Promise<string[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const paths = await Promise.all(fds.map((fd) => readSessionPath(pid, fd).catch(() => undefined)));
  return [...new Set(paths.filter((path) => path !== undefined))];
}

async function readSessionPath(pid: number, fd: string): Promise<string | undefined> {
  const path = await readlink(`/proc/${pid}/fd/${fd}`);
  if (!parseSessionFileName(basename(path))) return undefined;
  const flags = /^flags:\s*([0-7]+)$/m.exec(await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  const isForReading = (Number.parseInt(flags, 8) & ACCESS_MODE) === constants.O_RDONLY;
  return isForReading ? undefined : path;
}

async function listChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return children.split(' ').filter(Boolean).map(Number);
}
