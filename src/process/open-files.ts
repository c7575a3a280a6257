import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * The session files that Codex, running as `pid`, holds open: that names the file of a run whose output we must not
 * read, and its sub-agents' files. Where `pid` is npm's launcher they are its child's. Only Linux tells; elsewhere
 * there are none.
 */
export async function listOpenSessionFiles(pid: number): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const own = await listOpen(pid);
  // Only a process without any is the launcher: a codex that Codex runs as a tool has files too, which are not ours.
  if (own.length > 0) return own;
  return (await Promise.all((await listChildren(pid)).map(listOpen))).flat();
}

async function listOpen(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const fds = await readdir(folder).catch(() => []);
  const targets = await Promise.all(fds.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  return [...new Set(targets.filter((target) => /^rollout-.+\.jsonl$/.test(basename(target))))];
}

async function listChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return children.split(' ').filter(Boolean).map(Number);
}
