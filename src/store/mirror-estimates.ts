import type { Mirrorable, Place } from './mirror-place.js';
import { OUR_IDS, type Target } from './mirror-target.js';
import type { Connection } from './open.js';
import { readColumn, readRows, readValue } from './sql.js';

/** A row that the other program wrote for an invocation of ours, by what it could tell itself. */
export interface Estimate {
  readonly id: string;
  readonly projectId: string;
  readonly runId: string | null;
  readonly model: string | null;
  readonly writtenAtMs: number;
}

/**
 * How long after Codex's end such a row is written. The program hears of the end when we end, which is a moment later, or as
 * much later as `--meter-wait` lets it be; then it reads its log and writes, at once but for what else a busy server does.
 */
const AFTER_MS = 30_000;
/** A time without fractions is up to a second early; and the end of a Codex that was killed is seen later than its caller sees it. */
const BEFORE_MS = 2000;
/** What was written within the window can be seen a moment later. */
const SEEN_MS = 5000;

/** Whether a row may still come that is an estimate of what ended at `endedAtMs`. */
export function mayStillCome(endedAtMs: number, nowMs: number): boolean {
  return nowMs <= endedAtMs + AFTER_MS + SEEN_MS;
}

const NOT_OURS = `is_actual = 0 AND NOT (${OUR_IDS})`;
/** A runner that also starts another CLI estimates that, too. */
const OTHER_VENDORS = /claude|gemini/i;
const COLUMNS = `CAST(id AS TEXT) AS id, project_id AS projectId, run_id AS runId, model,
  CAST(round(unixepoch(created_at, 'subsec') * 1000) AS INTEGER) AS writtenAtMs`;

/**
 * The row that is the other program's estimate of `invocation`: of the same run, or the same project where no run is known,
 * of the same category, and written around its end. A row that fits other invocations better is theirs.
 */
export function findEstimate(
  own: Connection,
  target: Target,
  invocation: Mirrorable,
  place: Place,
): Estimate | undefined {
  const { endedAtMs, phase, id } = invocation;
  if (endedAtMs === null) return undefined;
  const sql = `
    SELECT ${COLUMNS} FROM cost_records WHERE ${NOT_OURS} AND category = @phase
      AND ${place.runId === null ? 'project_id = @projectId' : 'run_id = @runId'}
      AND created_at >= @dayBefore AND created_at < @dayAfter
      AND unixepoch(created_at, 'subsec') BETWEEN @from AND @until ORDER BY created_at, id`;
  const rows = readRows<Estimate>(target.connection, sql, {
    ...{ phase, projectId: place.projectId, runId: place.runId },
    // In every way of writing a time, and whatever its zone: by these an index finds the few rows that can be meant.
    ...{ dayBefore: dayOf(endedAtMs - DAY_MS), dayAfter: dayOf(endedAtMs + 2 * DAY_MS) },
    ...{ from: (endedAtMs - BEFORE_MS) / 1000, until: (endedAtMs + AFTER_MS) / 1000 },
  });
  const me = { id, runId: place.runId, endedAtMs };
  const mine = rows.filter((row) => isOfOurKind(row) && findInvocation(own, target, row, phase, me) === id);
  const models = readColumn(own, 'SELECT DISTINCT model FROM cost_records WHERE invocation_id = ?', [id]);
  return mine.find(({ model }) => models.includes(model)) ?? mine[0];
}

const DAY_MS = 86_400_000;

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The estimates of the other program that are beside records of ours: whoever sums them up counts twice. */
export function listEstimatesBeside(own: Connection, target: Target): Estimate[] {
  type Row = Estimate & { readonly category: string };
  const sql = `SELECT ${COLUMNS}, category FROM cost_records WHERE ${NOT_OURS} ORDER BY created_at DESC LIMIT 2000`;
  return readRows<Row>(target.connection, sql).filter((row) => {
    return isOfOurKind(row) && findInvocation(own, target, row, row.category, undefined) !== undefined;
  });
}

function isOfOurKind({ model }: Estimate): boolean {
  return !OTHER_VENDORS.test(model ?? '');
}

interface Candidate {
  readonly id: string;
  readonly runId: string | null;
  readonly endedAtMs: number;
}

/**
 * The invocation that a row is the estimate of, of those that have none: one of its run before one of its project, and then the
 * one that had ended last when it was written. A row that one has replaced is never another's.
 */
function findInvocation(
  own: Connection,
  { key }: Target,
  row: Estimate,
  phase: string,
  me: Candidate | undefined,
): string | undefined {
  const { id, projectId, runId, writtenAtMs } = row;
  const known = 'SELECT invocation_id FROM mirrored WHERE target = ? AND estimate_id = ?';
  const replacing = readValue<string>(own, known, [key, id]);
  if (replacing !== undefined) return replacing;
  const values = { key, phase, projectId, runId, from: writtenAtMs - AFTER_MS, until: writtenAtMs + BEFORE_MS };
  const others = readRows<Candidate>(own, CANDIDATES, values).filter((one) => one.id !== me?.id);
  const rank = (one: Candidate) => [
    Number(one.runId === null),
    Number(one.endedAtMs > writtenAtMs),
    Math.abs(writtenAtMs - one.endedAtMs),
  ];
  const all = [...others, ...(me ? [me] : [])];
  return all.sort((a, b) => compare(rank(a), rank(b)) || (a.id < b.id ? -1 : 1))[0]?.id;
}

const CANDIDATES = `
  SELECT i.id, m.run_id AS runId, i.ended_at_ms AS endedAtMs
  FROM invocations i JOIN mirrored m ON m.invocation_id = i.id AND m.target = @key
  WHERE i.ended_at_ms BETWEEN @from AND @until AND i.phase = @phase AND m.state = 'written'
    AND m.estimate_id IS NULL AND iif(m.run_id IS NULL, m.project_id = @projectId, m.run_id = @runId)`;

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, at) => value - (b[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** Reads a row, each value as SQL writes it, so that it can be put back as it was. Undefined where it is gone. */
export function readEstimate({ connection, columns }: Target, id: string): string | undefined {
  const values = columns.map((column) => `'${column.replaceAll("'", "''")}', quote(${quoteName(column)})`);
  const sql = `SELECT json_object(${values.join(', ')}) FROM cost_records WHERE id = ? AND is_actual = 0`;
  return readValue(connection, sql, [id]);
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
