import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { addRow, type Db, findRow, type Project } from './database.js';

/** Takes the folder at `path` in as a project. Its id is the folder's name and six digits of a hash of its path. */
export function addProject(db: Db, path: string): string {
  const folder = resolve(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${folder} is not a folder`);
  const name = basename(folder);
  const id = `${name}-${createHash('sha1').update(folder).digest('hex').slice(0, 6)}`;
  if (!db.prepare('SELECT 1 FROM projects WHERE id = ?').get(id)) addRow(db, 'projects', { id, path: folder, name });
  return id;
}

export function setBudget(db: Db, projectId: string, monthlyUsd: number): void {
  if (!(monthlyUsd >= 0)) throw new Error('a budget is a number of USD');
  findRow(db, 'projects', projectId);
  db.prepare('UPDATE projects SET monthly_budget_usd = ? WHERE id = ?').run(monthlyUsd, projectId);
}

/**
 * Makes a work tree of the project, with a branch of its own. The control center does so itself, and not its workers: git
 * does not make two at a time.
 */
export function makeWorkTree(project: Project, folder: string, branch: string): void {
  const args = ['worktree', 'add', '--quiet', '-b', branch, folder];
  execFileSync('git', args, { cwd: project.path, stdio: ['ignore', 'ignore', 'pipe'] });
}
