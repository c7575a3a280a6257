import type { EstimateMode } from '../usage/options.js';
import { insertNote } from './invocations.js';
import { type Estimate, findEstimate, mayStillCome, readEstimate } from './mirror-estimates.js';
import {
  explainMissingProject,
  findPlace,
  findRun,
  type Mirrorable,
  type Place,
  readMirrorable,
} from './mirror-place.js';
import { COLUMNS, explainTargetFault, type Target, type TargetFault, withTarget } from './mirror-target.js';
import { type Mirrored, readMirrored, writeMirrored } from './mirrored.js';
import type { Connection } from './open.js';
import { insertRow, readRow, readRows, readValue } from './sql.js';
import type { Store } from './store.js';

/** An invocation whose records are to be what they are in our own database. */
export interface MirrorRequest {
  readonly invocationId: string;
  readonly estimates: EstimateMode;
}

/**
 * `done`: it is there. `estimate due`: it is there, and the other program's own row for it may still come. `run due`,
 * `project due`: that program has yet to make the row of it.
 */
export type MirrorOutcome = { readonly invocationId: string } & (
  | { readonly kind: 'done' | 'estimate due' }
  | { readonly kind: 'run due' | 'project due' | TargetFault['kind']; readonly reason: string }
);

type Row = Readonly<Record<string, unknown>> & { readonly id: string; readonly model: string };

const OTHERS = COLUMNS.slice(1);
const UPDATE = `UPDATE cost_records SET ${COLUMNS.map((name) => `${name} = @${name}`).join(', ')}`;
/** What is the same already is not written again: the other program's database waits for its disk at each change. */
const IS_OTHER = `(${OTHERS.map((name) => `${name} IS NOT @${name}`).join(' OR ')})`;
/** Better evidence can have moved the last response of a record to another. Our ids begin with the invocation's. */
const DELETE_OLD = `
  DELETE FROM cost_records WHERE id >= @prefix AND id < @prefix || char(0x10FFFF)
    AND id NOT IN (SELECT value FROM json_each(@ids))`;

/**
 * Makes the cost records of invocations in the database at `path` what they are in `store`. Each invocation is taken whole or
 * not at all. Never throws.
 */
export function mirrorCostRecords(store: Store, path: string, requests: readonly MirrorRequest[]): MirrorOutcome[] {
  const fail = ({ invocationId }: MirrorRequest, error: unknown) => ({ invocationId, ...explainTargetFault(error) });
  try {
    return withTarget(path, 'write', (target) => {
      const writeOne = target.connection.transaction((request: MirrorRequest) => mirrorOne(store, target, request));
      const attempt = (request: MirrorRequest): MirrorOutcome => {
        try {
          return writeOne.immediate(request);
        } catch (error) {
          return fail(request, error);
        }
      };
      const all = target.connection.transaction(() => requests.map(attempt));
      try {
        // One change, because the other program's database waits for its disk at the end of each.
        return all.immediate();
      } catch (error) {
        // A constraint that is looked at last refuses the whole change for one invocation's sake.
        if (!/CONSTRAINT/.test((error as { code?: string }).code ?? '')) throw error;
        return requests.map(attempt);
      }
    });
  } catch (error) {
    return requests.map((request) => fail(request, error));
  }
}

/** Whether the other program has written its own row for the invocation by now. Locks nothing, and never throws. */
export function isEstimateThere(store: Store, path: string, invocationId: string): boolean {
  try {
    return withTarget(path, 'read', (target) => {
      const own = store.connection;
      const invocation = readMirrorable(own, invocationId);
      if (!invocation) return false;
      return findEstimate(own, target, invocation, findPlace(target, invocation, Date.now())) !== undefined;
    });
  } catch {
    return false;
  }
}

/**
 * What is to be done, and what stood in the row that ours replaces, is recorded in our own database first: a command that comes
 * after a kill between the two finds the estimate still there, and does the same again.
 */
function mirrorOne(store: Store, target: Target, { invocationId, estimates }: MirrorRequest): MirrorOutcome {
  const own = store.connection;
  const invocation = readMirrorable(own, invocationId);
  const before = readMirrored(own, target.key, invocationId);
  if (!invocation || before?.state === 'undone') return { invocationId, kind: 'done' };
  const found = findPlace(target, invocation, Date.now());
  const reason = explainMissingProject(target, found, invocation);
  if (reason !== undefined) return { invocationId, kind: 'project due', reason };
  if (found.run === 'due') return { invocationId, kind: 'run due', reason: 'its runs have no row of that id yet' };
  const rows = readRows<Row>(own, RECORDS, [invocationId]);
  const replaced =
    rows.length > 0 && estimates === 'replace' ? findReplaced(own, target, invocation, found, before) : undefined;
  const place = { ...found, runId: found.runId ?? replaced?.runId ?? findFormerRun(target, before) };
  const { projectId, runId } = place;
  const { estimateId, estimate } = replaced ?? before ?? { estimateId: null, estimate: null };
  if (rows.length > 0) {
    writeMirrored(own, target.key, { invocationId, projectId, runId, state: 'written', estimateId, estimate });
  }
  const theirs = rows.map((row) => toTheirs(row, place, target));
  writeRows(target, invocationId, theirs, replaced);
  if (found.run === 'unknown' && runId === null && rows.length > 0) {
    insertNote(own, invocationId, { ...UNKNOWN_RUN, figures: { run: invocation.runId } });
  }
  const mayCome = invocation.endedAtMs !== null && mayStillCome(invocation.endedAtMs, Date.now());
  const isDue = estimates === 'replace' && rows.length > 0 && estimateId === null && mayCome;
  return { invocationId, kind: isDue ? 'estimate due' : 'done' };
}

const UNKNOWN_RUN = {
  kind: 'fault',
  reason: "the other program's table has the record without its run, of which it knows nothing",
} as const;

/** An estimate that a row of ours replaces. */
interface Replaced extends Pick<Estimate, 'runId' | 'model'> {
  readonly estimateId: string;
  /** The row as `readEstimate` reads it. */
  readonly estimate: string;
}

/** The estimate that is there to be replaced: one that was replaced before and is back, or was never replaced, or a new one. */
function findReplaced(
  own: Connection,
  target: Target,
  invocation: Mirrorable,
  place: Place,
  before: Mirrored | undefined,
): Replaced | undefined {
  const known = before?.estimateId ?? null;
  const found =
    known === null
      ? findEstimate(own, target, invocation, place)
      : readRow<Pick<Estimate, 'id' | 'runId' | 'model'>>(target.connection, ESTIMATE, [known]);
  if (!found) return undefined;
  const { id: estimateId, runId, model } = found;
  const estimate = readEstimate(target, estimateId);
  return estimate === undefined ? undefined : { estimateId, estimate, runId, model };
}

const ESTIMATE = 'SELECT id, run_id AS runId, model FROM cost_records WHERE id = ? AND is_actual = 0';

/** The run that an estimate named which is not there any more. */
function findFormerRun(target: Target, before: Mirrored | undefined): string | null {
  if (!before || before.estimateId === null || before.runId === null) return null;
  return target.runs.has('id') && !findRun(target, before.runId) ? null : before.runId;
}

const RECORDS = `SELECT ${COLUMNS.join(', ')}, responses, unpriced_responses FROM cost_records WHERE invocation_id = ?
  ORDER BY cost_nano_usd DESC`;

const COSTS = ['input_cost_per_1k', 'output_cost_per_1k', 'total_cost_usd'];

function toTheirs({ responses, unpriced_responses: unpriced, ...row }: Row, place: Place, target: Target): Row {
  const costs = COSTS.filter((name) => target.required.has(name)).map((name) => [name, row[name] ?? 0]);
  const remark = unpriced === 0 ? '' : unpriced === responses ? ', unpriced' : `, ${unpriced} of them unpriced`;
  return {
    ...row,
    ...Object.fromEntries(costs),
    ...{ project_id: place.projectId, run_id: place.runId, description: `${row.description}${remark}` },
  } as Row;
}

/** One of the rows replaces the estimate, in which the other program's further columns stay as they were. */
function writeRows(
  { connection }: Target,
  invocationId: string,
  rows: readonly Row[],
  replaced: Replaced | undefined,
): void {
  const heir = replaced && (rows.find(({ model }) => model === replaced.model) ?? rows[0]);
  const ids = rows.filter((row) => row !== heir).map(({ id }) => id);
  connection.prepare(DELETE_OLD).run({ prefix: `${invocationId}/`, ids: JSON.stringify(ids) });
  for (const row of rows) {
    const exists = readValue(connection, 'SELECT 1 FROM cost_records WHERE id = ?', [row.id]) !== undefined;
    // An update before an insert asks nothing of the table's keys, and leaves its other columns alone.
    if (replaced && row === heir) connection.prepare(`${UPDATE} WHERE id = @estimateId`).run({ ...row, ...replaced });
    else if (exists) connection.prepare(`${UPDATE} WHERE id = @id AND ${IS_OTHER}`).run(row);
    else insertRow(connection, 'cost_records', row);
  }
}
