import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readRegularFile } from '../files/regular-file.js';

/** The most that is read of a `.git` that is a file: it holds one path. */
const POINTER_BYTES = 64 * 1024;

/** A git work tree. `repository` is the folder of the main work tree, which differs for a linked one (`git worktree add`). */
export interface WorkTree {
  readonly root: string;
  readonly repository: string;
}

/** Returns the work tree that contains `folder`, or undefined. */
export function findWorkTree(folder: string): WorkTree | undefined {
  for (let root = folder; ; root = dirname(root)) {
    const git = join(root, '.git');
    const kind = kindOf(git);
    if (kind === 'folder') return { root, repository: root };
    if (kind === 'file') return { root, repository: readRepository(root) ?? root };
    if (root === dirname(root)) return undefined;
  }
}

/** Returns the name of the project in `folder`: that of its repository, or else that of the folder. */
export function nameProject(folder: string): { value: string; origin: 'git' | 'directory' } {
  const repository = findWorkTree(folder)?.repository;
  return repository
    ? { value: basename(repository), origin: 'git' }
    : { value: basename(folder) || folder, origin: 'directory' };
}

function kindOf(path: string): 'folder' | 'file' | 'none' {
  try {
    const found = statSync(path);
    // The sandbox of Codex leaves empty folders named .git where it keeps commands from making one, mostly in /tmp.
    if (found.isDirectory()) return existsSync(join(path, 'HEAD')) ? 'folder' : 'none';
    return found.isFile() ? 'file' : 'none';
  } catch {
    return 'none';
  }
}

/** A linked work tree's `.git` is a file that points to `<repository>/.git/worktrees/<name>`. */
function readRepository(root: string): string | undefined {
  const target = readGitPointer(root);
  return target && /^(.+)[/\\]\.git[/\\]worktrees[/\\][^/\\]+$/.exec(target)?.[1];
}

/** Returns the folder that `.git` in `root` points to: `gitdir: <folder>`. Undefined where it is that folder itself, or unreadable. */
export function readGitPointer(root: string): string | undefined {
  try {
    const text = readRegularFile(join(root, '.git'), POINTER_BYTES).toString('utf8');
    const target = /^gitdir: (.+)$/m.exec(text)?.[1]?.trim();
    return target ? resolve(root, target) : undefined;
  } catch {
    return undefined;
  }
}
