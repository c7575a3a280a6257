import { join, resolve } from 'node:path';
import { readRegularFile } from '../files/regular-file.js';
import { nameRepository, type Tag } from '../usage/tags.js';
import { readGitPointer } from './work-tree.js';

/** The most that is read of a reference, of `config`, and of `packed-refs`: a repository of 100,000 branches has 6 MB there. */
const REFERENCE_BYTES = 4096;
const CONFIG_BYTES = 1024 * 1024;
const PACKED_BYTES = 32 * 1024 * 1024;

/**
 * Reads the branch, the commit and the repository of the work tree at `root` from git's own files: no git is started. What is not
 * there, or cannot be read, is left out: a branch where none is checked out, a commit before the first one, a remote. Never
 * throws.
 */
export function readGitTags(root: string): Tag[] {
  const own = readGitPointer(root) ?? join(root, '.git');
  const pointer = readText(join(own, 'commondir'), REFERENCE_BYTES);
  const shared = pointer === undefined ? own : resolve(own, pointer);
  const head = readText(join(own, 'HEAD'), REFERENCE_BYTES) ?? '';
  const reference = /^ref:\s*(refs\/.+)$/.exec(head)?.[1];
  const branch = reference && /^refs\/heads\/(.+)$/.exec(reference)?.[1];
  const tags = {
    // With references in another format (reftable), HEAD names a branch that cannot be.
    branch: branch === '.invalid' ? undefined : branch,
    commit: reference === undefined ? findCommit(head) : readReference(shared, reference),
    repo: readRemote(shared),
  };
  return Object.entries(tags).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
}

/** Reads the commit of a branch, from its own file or from those that git has packed. */
function readReference(folder: string, reference: string): string | undefined {
  if (reference.split('/').includes('..')) return undefined;
  const loose = readText(join(folder, reference), REFERENCE_BYTES);
  if (loose !== undefined) return findCommit(loose);
  const packed = readText(join(folder, 'packed-refs'), PACKED_BYTES) ?? '';
  const end = `${packed}\n`.indexOf(` ${reference}\n`);
  return end === -1 ? undefined : findCommit(packed.slice(packed.lastIndexOf('\n', end) + 1, end));
}

/** A commit has 40 digits, or 64 in a repository of SHA-256. */
function findCommit(text: string): string | undefined {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : undefined;
}

/** Returns the repository that the remote `origin` names, or the only remote that there is. */
function readRemote(folder: string): string | undefined {
  const urls = new Map<string, string>();
  let remote: string | undefined;
  for (const line of (readText(join(folder, 'config'), CONFIG_BYTES) ?? '').split('\n')) {
    const section = /^\s*\[\s*([^\s\]"]+)(?:\s+"(.*)")?\s*\]/.exec(line);
    if (section) remote = section[1]?.toLowerCase() === 'remote' ? section[2] : undefined;
    const url = /^\s*url\s*=\s*"?([^"]*?)"?\s*$/i.exec(line)?.[1];
    if (remote !== undefined && url !== undefined && !urls.has(remote)) urls.set(remote, url);
  }
  const url = urls.get('origin') ?? (urls.size === 1 ? [...urls.values()][0] : undefined);
  return url === undefined ? undefined : nameRepository(url);
}

function readText(path: string, limitBytes: number): string | undefined {
  try {
    return readRegularFile(path, limitBytes).toString('utf8').trim();
  } catch {
    return undefined;
  }
}
