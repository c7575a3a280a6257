import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { AGENT_IDS, AGENTS, type AgentHomes, type AgentId } from '../agents/registry.js';
import type { HistoryFile } from '../store/history.js';

/** A session file as it was when the folders were searched. If it has grown since, the next import sees that. */
export interface FoundFile {
  readonly path: string;
  readonly provider: AgentId;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** A file that is new or has changed. `known`: what an earlier import has read of it. */
export interface FileTask extends FoundFile {
  readonly known: HistoryFile | undefined;
}

/** Something that could not be read, or is odd: shown to the user, and no reason to stop. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
}

export interface Discovery {
  readonly files: readonly FoundFile[];
  readonly problems: readonly Problem[];
}

/** A large history takes a while: after so long the calling thread gets to do other things. */
const BREAK_MS = 20;

/** Lists the session files of `homes`. Links are followed, each folder is entered once. Never rejects. */
export async function findHistoryFiles(homes: AgentHomes): Promise<Discovery> {
  const walk: Walk = {
    files: [],
    problems: [],
    entered: new Set(),
    listed: new Map(),
    breakAtMs: Date.now() + BREAK_MS,
  };
  for (const id of AGENT_IDS) {
    for (const home of homes[id] ?? []) {
      for (const folder of AGENTS[id].sessionFolders) await follow(walk, id, join(home, folder));
    }
  }
  return walk;
}

interface Walk extends Discovery {
  readonly files: FoundFile[];
  readonly problems: Problem[];
  /** Folders, by their real paths: two homes can be one, and a link can lead back up. */
  readonly entered: Set<string>;
  /** Files, by device and inode, where a link led to them. */
  readonly listed: Map<number, Set<number>>;
  breakAtMs: number;
}

/** Enters the folder that a link or a home leads to. `again` is the problem of a link to a folder that was entered before. */
async function follow(walk: Walk, provider: AgentId, folder: string, again?: string): Promise<void> {
  if (!readStats(walk, folder)?.isDirectory()) return;
  const realPath = findRealPath(folder);
  if (!walk.entered.has(realPath)) await enter(walk, provider, folder, realPath);
  else if (again) walk.problems.push({ path: folder, reason: again });
}

async function enter(walk: Walk, provider: AgentId, folder: string, realPath: string): Promise<void> {
  if (walk.entered.has(realPath)) return;
  walk.entered.add(realPath);
  for (const entry of list(walk, folder)) {
    const { name } = entry;
    const path = joinName(folder, name);
    if (entry.isDirectory()) await enter(walk, provider, path, joinName(realPath, name));
    else if (AGENTS[provider].isSessionFile(name, folder)) addFile(walk, provider, path);
    else if (entry.isSymbolicLink()) await follow(walk, provider, path, 'a link to a folder that is read already');
  }
  if (Date.now() < walk.breakAtMs) return;
  await setImmediate();
  walk.breakAtMs = Date.now() + BREAK_MS;
}

function findRealPath(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    // It is gone. Listing it, which comes next, reports the problem.
    return folder;
  }
}

/** Joins a folder and one name. `join` also normalises, which takes as long as asking for the file's size. */
function joinName(folder: string, name: string): string {
  return folder.endsWith(sep) ? folder + name : folder + sep + name;
}

function addFile(walk: Walk, provider: AgentId, path: string): void {
  const stats = readStats(walk, path, 'a link that leads nowhere');
  if (!stats || !isNew(walk, stats)) return;
  if (stats.isFile()) walk.files.push({ path, provider, sizeBytes: stats.size, modifiedAtMs: stats.mtimeMs });
  else walk.problems.push({ path, reason: 'not a file' });
}

function readStats(walk: Walk, path: string, missing?: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? missing : describeFault(error);
    if (reason) walk.problems.push({ path, reason });
    return undefined;
  }
}

function list(walk: Walk, folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    walk.problems.push({ path: folder, reason: describeFault(error) });
    return [];
  }
}

function isNew({ listed }: Walk, { dev, ino }: Stats): boolean {
  const ofDevice = listed.get(dev);
  if (ofDevice?.has(ino)) return false;
  if (ofDevice) ofDevice.add(ino);
  else listed.set(dev, new Set([ino]));
  return true;
}

const FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  ELOOP: 'a link that leads in a circle',
  ENOENT: 'it disappeared',
};

/** Describes an error of the file system or of the decompressor in words for the user. */
export function describeFault(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  // The decompressor's codes are numbers.
  return typeof code === 'string' ? (FAULTS[code] ?? code) : `cannot be decompressed: ${message}`;
}
