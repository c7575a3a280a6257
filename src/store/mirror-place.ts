import { realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Target } from './mirror-target.js';
import type { Connection } from './open.js';
import { readRow, readRows } from './sql.js';

/** An invocation, as far as another program's table asks for it. */
export interface Mirrorable {
  readonly id: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: string;
  readonly status: string;
  /** 1 where nobody named the run, and it was called after the day. */
  readonly isRunMadeUp: 0 | 1;
  readonly cwd: string;
  readonly workTree: string | null;
  readonly repository: string | null;
  readonly outputPath: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

export function readMirrorable(connection: Connection, id: string): Mirrorable | undefined {
  const sql = `
    SELECT id, project_id AS projectId, run_id AS runId, phase, status,
      attribution ->> '$.run' = 'default' AS isRunMadeUp, cwd, work_tree AS workTree, repository,
      output_path AS outputPath, started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs
    FROM invocations WHERE id = ?`;
  return readRow(connection, sql, [id]);
}

/** The project and the run of a record in another program's table. */
export interface Place {
  readonly projectId: string;
  readonly runId: string | null;
  /** `due`: that program may yet make the row of the run. `unknown`: it has not made one in time. */
  readonly run: 'known' | 'none' | 'due' | 'unknown';
}

/** Programs make the row of a run before they start what it does, or soon after. */
const RUN_PATIENCE_MS = 5 * 60_000;

/** Finds the project and the run there: by the program's own runs, by the folders of its projects, or else by our names. */
export function findPlace(target: Target, invocation: Mirrorable, nowMs: number): Place {
  const { isRunMadeUp, runId, startedAtMs } = invocation;
  const known = isRunMadeUp ? undefined : findRun(target, runId);
  const projectId = known?.projectId ?? findProject(target, invocation) ?? invocation.projectId;
  if (known) return { projectId, runId, run: 'known' };
  // A table that wants one gets ours.
  const without = target.required.has('run_id') ? runId : null;
  if (isRunMadeUp) return { projectId, runId: without, run: 'none' };
  if (!target.runs.has('id')) return { projectId, runId, run: 'known' };
  return { projectId, runId: without, run: nowMs < startedAtMs + RUN_PATIENCE_MS ? 'due' : 'unknown' };
}

/** Why a record cannot stand in that project; undefined where it can. */
export function explainMissingProject(target: Target, { projectId }: Place, { cwd }: Mirrorable): string | undefined {
  if (!target.needsProject || !target.projects.has('id')) return undefined;
  const found = readRow(target.connection, 'SELECT 1 FROM projects WHERE id = ?', [projectId]);
  return found === undefined ? `it has no project "${projectId}", and none whose folder holds ${cwd}` : undefined;
}

export function findRun(target: Target, id: string): { readonly projectId: string | null } | undefined {
  if (!target.runs.has('id')) return undefined;
  const project = target.runs.has('project_id') ? 'project_id' : 'NULL';
  return readRow(target.connection, `SELECT ${project} AS projectId FROM runs WHERE id = ?`, [id]);
}

/** The project whose folder holds the one that the invocation works in, or else the one that it writes its answer to. */
function findProject(target: Target, { cwd, workTree, repository, outputPath }: Mirrorable): string | undefined {
  if (!target.projects.has('id') || !target.projects.has('path')) return undefined;
  const folders = listFolders(target);
  const nearest = (path: string, within?: string) => findNearest(folders, follow(path), within && follow(within));
  const isLinked = workTree !== null && repository !== null && workTree !== repository;
  return (
    (isLinked && (nearest(cwd, workTree) ?? nearest(join(repository, relative(workTree, cwd))))) ||
    nearest(cwd) ||
    (outputPath === null ? undefined : nearest(dirname(outputPath)))
  );
}

interface Folder {
  readonly projectId: string;
  readonly path: string;
}

/** Those of a database, as long as it is open: following links takes longer than all else. */
const known = new WeakMap<Target, readonly Folder[]>();

function listFolders(target: Target): readonly Folder[] {
  const { connection, key } = target;
  const sql = "SELECT id AS projectId, path FROM projects WHERE typeof(path) = 'text' AND path <> '' ORDER BY id";
  const read = () =>
    readRows<Folder>(connection, sql).map(({ projectId, path }) => {
      return { projectId, path: follow(resolve(dirname(key), path)) };
    });
  const folders = known.get(target) ?? read();
  known.set(target, folders);
  return folders;
}

/** The project of the folder that holds `path` and is deepest; `within`: only that one and what it holds. */
function findNearest(folders: readonly Folder[], path: string, within: string | undefined): string | undefined {
  const fitting = folders.filter((folder) => {
    return holds(folder.path, path) && (within === undefined || holds(within, folder.path));
  });
  return fitting.sort((a, b) => b.path.length - a.path.length)[0]?.projectId;
}

function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** `path` without links. A part at its end that is not there any more, as a work tree that was removed, is left as it is. */
function follow(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(follow(parent), basename(path));
  }
}
