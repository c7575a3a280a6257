import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { parseSessionFileName } from './session-file.js';

const ACCESS_MODE = constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR;

/**
 * The session files that Codex, running as `pid`, holds open for writing: that names the file of a run whose output we must not
 * read, and its sub-agents' files. Where `pid` is npm's launcher they are its child's. Only Linux tells; elsewhere
 * there are none. What it has open for reading is no sign: it looks into other runs' files, and into its parent's when it
 * forks (0.125 to 0.169; the releases from 0.42 on hold their own open for writing).
 */
export async function listOpenSessionFiles(pid: number): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const own = listOpen(pid);
  // Only a process without any is the launcher: a codex that Codex runs as a tool has files too, which are not ours.
  return own.length > 0 ? own : listChildren(pid).flatMap(listOpen);
}

// At once: /proc answers from memory, and several times a second Node's threads would cost more than the answers.
function listOpen(pid: number): string[] {
  const fds = quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return [...new Set(fds.flatMap((fd) => quietly(() => readSessionPath(pid, fd)) ?? []))];
}

function readSessionPath(pid: number, fd: string): string | undefined {
  const path = readlinkSync(`/proc/${pid}/fd/${fd}`);
  if (!parseSessionFileName(basename(path))) return undefined;
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  const isForReading = (Number.parseInt(flags, 8) & ACCESS_MODE) === constants.O_RDONLY;
  return isForReading ? undefined : path;
}

function listChildren(pid: number): number[] {
  const children = quietly(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? '';
  return children.split(' ').filter(Boolean).map(Number);
}

/** Undefined for a process, or a file of it, that has gone meanwhile. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
