import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { parseSessionFileName } from './session-file.js';

const ACCESS_MODE = constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR;

/**
 * Returns the session files that Codex, running as `pid`, holds open for writing, or that the child of `pid` does where `pid` is
 * npm's launcher. They identify the thread of a run whose output we must not read, and its sub-agents. Always empty outside
 * of Linux. Releases since 0.42 hold their session files open for writing. Files that are open for reading say nothing: Codex
 * reads the files of other runs, and its parent's when it forks (0.125 to 0.169).
 */
export async function listOpenSessionFiles(pid: number): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const open = listOpen(pid);
  // Only the launcher has none. Children of Codex itself are not asked: Codex may run another codex as a tool.
  return open.length > 0 ? open : listChildren(pid).flatMap(listOpen);
}

// Synchronous: /proc answers from memory, and this runs several times a second.
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

/** Returns undefined where a process or its file has gone meanwhile. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
