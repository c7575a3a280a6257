import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readRegularFile } from '../files/regular-file.js';

/** A `.git` that is a file holds one path. */
const POINTER_BYTES = 64 * 1024;

/** A git work tree. `repository` is the main work tree's folder where this one is linked to it (`git worktree add`). */
export interface WorkTree {
  readonly root: string;
  readonly repository: string;
}

/** The work tree that `folder` is in, or undefined when it is in none. */
export function findWorkTree(folder: string): WorkTree | undefined {
  for (let root = folder; ; root = dirname(root)) {
    const git = join(root, '.git');
    const kind = kindOf(git);
    if (kind === 'folder') return { root, repository: root };
    if (kind === 'file') return { root, repository: readOwner(root, git) ?? root };
    if (root === dirname(root)) return undefined;
  }
}

/** What a project is called that works in `folder`: after its repository, or else after the folder. */
export function nameProject(folder: string): { value: string; origin: 'git' | 'directory' } {
  const repository = findWorkTree(folder)?.repository;
  return repository
    ? { value: basename(repository), origin: 'git' }
    : { value: basename(folder) || folder, origin: 'directory' };
}

function kindOf(path: string): 'folder' | 'file' | 'none' {
  try {
    const found = statSync(path);
    // Codex's sandbox leaves empty folders of that name where it keeps a command from making one, in /tmp above all.
    if (found.isDirectory()) return existsSync(join(path, 'HEAD')) ? 'folder' : 'none';
    return found.isFile() ? 'file' : 'none';
  } catch {
    return 'none';
  }
}

/** A linked work tree's `.git` is a file: `gitdir: <repository>/.git/worktrees/<name>`. */
function readOwner(root: string, git: string): string | undefined {
  try {
    const target = /^gitdir: (.+)$/m.exec(readRegularFile(git, POINTER_BYTES).toString('utf8'))?.[1];
    const owner = target && /^(.+)[/\\]\.git[/\\]worktrees[/\\][^/\\]+$/.exec(resolve(root, target.trim()))?.[1];
    return owner || undefined;
  } catch {
    return undefined;
  }
}
