import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addRow, changeRow, type Db, findRow, newId } from './database.js';
import { workTreeOf } from './loop.js';
import { makeWorkTree } from './projects.js';
import { startWorker, stopWorker } from './workers.js';

/** Has a task worked on by a worker, which goes on without us. Returns the run's id. */
export function startRun(db: Db, projectId: string, task: string, rounds: number): string {
  const project = findRow(db, 'projects', projectId);
  const id = newId();
  const folder = join(project.path, '.system', 'runs', id);
  mkdirSync(folder, { recursive: true });
  makeWorkTree(project, workTreeOf({ folder }), `run/${id.slice(0, 8)}`);
  addRow(db, 'runs', { id, project_id: projectId, task, rounds, folder, status: 'running' });
  changeRow(db, 'runs', id, { pid: startWorker('run', id) });
  return id;
}

/** Ends a run where it is. Its worker has no time to book what it used, or to hand off. */
export async function cancelRun(db: Db, id: string): Promise<void> {
  const { pid, status } = findRow(db, 'runs', id);
  if (pid === null) throw new Error(`run ${id} has ended already: it was ${status}`);
  await stopWorker(pid);
  changeRow(db, 'runs', id, { status: 'cancelled', pid: null });
}

export function answerRun(db: Db, id: string, answer: string): void {
  const { status } = findRow(db, 'runs', id);
  if (status !== 'waiting for an answer') throw new Error(`run ${id} has asked nothing: it is ${status}`);
  changeRow(db, 'runs', id, { answer });
}
