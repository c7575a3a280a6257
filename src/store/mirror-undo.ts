import { messageOf } from '../errors.js';
import { quoteName } from './mirror-estimates.js';
import { OUR_IDS, type Target, withTarget } from './mirror-target.js';
import { listWithEstimate, type Mirrored, markAll, markSome, readMirrored, writeMirrored } from './mirrored.js';
import { readColumn } from './sql.js';
import type { Store } from './store.js';

/** What was done to another program's table. */
export interface UndoSummary {
  /** Rows of ours that were taken out. */
  readonly removedRows: number;
  /** Rows of that program's own that were put back. */
  readonly restoredRows: number;
  /** Those that it does not take any more, and why. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Takes our rows out of the table in the database at `path`, and puts back what stood in their place, as it was. Our own
 * database is told first, so that no command writes them again; a second time does what a kill left undone. Throws where
 * that cannot be, and then nothing was changed there.
 */
export function undoMirror(store: Store, path: string): UndoSummary {
  return withTarget(path, 'write', (target) => {
    let marked: string[] = [];
    const undo = target.connection.transaction(() => {
      const ids = listOurRows(store, target);
      marked = markUndone(store, target, ids);
      target.connection
        .prepare('DELETE FROM cost_records WHERE id IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(ids));
      return { removedRows: ids.length, ...restore(store, target) };
    });
    try {
      return undo.immediate();
    } catch (error) {
      markSome(store.connection, target.key, 'written', marked);
      throw error;
    }
  });
}

/** Has what was taken out written again. Returns the invocations. */
export function redoMirror(store: Store, path: string): string[] {
  return withTarget(path, 'read', ({ key }) => markAll(store.connection, key, 'written'));
}

/** Those of another database of a codex-metered, which fills the same table, are not ours. */
function listOurRows(store: Store, { connection }: Target): string[] {
  const isOurs = store.connection.prepare<[string], number>('SELECT 1 FROM invocations WHERE id = ?');
  const ids = readColumn<string>(connection, `SELECT id FROM cost_records WHERE ${OUR_IDS}`);
  return ids.filter((id) => isOurs.get(invocationOf(id)) !== undefined);
}

/** Returns the invocations that were not marked before. */
function markUndone({ connection: own }: Store, { key, connection }: Target, ids: readonly string[]): string[] {
  const read = connection.prepare<[string], Pick<Mirrored, 'projectId' | 'runId'>>(
    'SELECT project_id AS projectId, run_id AS runId FROM cost_records WHERE id = ?',
  );
  const mark = own.transaction(() => {
    const marked = markAll(own, key, 'undone');
    // Earlier versions wrote there without recording it.
    for (const id of ids) {
      const invocationId = invocationOf(id);
      const row = read.get(id);
      if (!row || readMirrored(own, key, invocationId)) continue;
      writeMirrored(own, key, { invocationId, ...row, state: 'undone', estimateId: null, estimate: null });
      marked.push(invocationId);
    }
    return marked;
  });
  return mark.immediate();
}

function invocationOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

function restore(store: Store, target: Target): Pick<UndoSummary, 'restoredRows' | 'refused'> {
  const exists = target.connection.prepare<[string], number>('SELECT 1 FROM cost_records WHERE id = ?');
  const refused: { id: string; reason: string }[] = [];
  let restoredRows = 0;
  for (const { estimateId, estimate } of listWithEstimate(store.connection, target.key)) {
    if (exists.get(estimateId)) continue;
    const reason = insert(target, JSON.parse(estimate) as Record<string, string>);
    if (reason === undefined) restoredRows++;
    else refused.push({ id: estimateId, reason });
  }
  return { restoredRows, refused };
}

/** Returns why the table does not take the row. */
function insert({ connection, columns }: Target, values: Record<string, string>): string | undefined {
  const attempt = connection.transaction((row: Record<string, string>) => {
    // A column that is not there any more has nothing to be put back into.
    const names = columns.filter((column) => row[column] !== undefined);
    const literals = names.map((name) => row[name]);
    connection.exec(`INSERT INTO cost_records (${names.map(quoteName).join(', ')}) VALUES (${literals.join(', ')})`);
  });
  // Such a table leaves the run out of a record when the run is deleted.
  for (const row of [values, { ...values, run_id: 'NULL' }]) {
    try {
      attempt(row);
      return undefined;
    } catch (error) {
      if (!isForeignKey(error)) return messageOf(error);
    }
  }
  return 'its project is not there any more';
}

function isForeignKey(error: unknown): boolean {
  return (error as { code?: string }).code === 'SQLITE_CONSTRAINT_FOREIGNKEY';
}
