import { judgeState } from '../process/invocation-state.js';
import { readCostSince } from '../store/activity.js';
import { type LiveRow, readLive } from '../store/live-queries.js';
import type { Connection } from '../store/open.js';
import { readSums } from '../store/period-queries.js';
import { readRateLimits } from '../store/rate-limits.js';
import { findProjects } from '../store/scopes.js';
import type { TagFilter } from '../store/tags.js';
import { readLevel } from './budget-status.js';
import type { Calendar } from './calendar.js';
import { type Figures, figuresOfModel, sumFigures, toFigures } from './figures.js';
import type { BudgetLevel } from './invocation-json.js';
import { describeLimits, type LimitWindow } from './limits.js';

/**
 * What an invocation does now. `unmetered`: its Codex works but its meter was killed, so that its figures stand still
 * until a later command settles it. `pending`: both have ended, and its last changes are kept beside the database until a
 * command takes them in. `killed`: both were killed, and no command has settled it yet.
 */
export type LiveState = 'running' | 'unmetered' | 'pending' | 'killed' | 'ended';

export interface LiveInvocation {
  readonly row: LiveRow;
  readonly state: LiveState;
  readonly figures: Figures;
  /** The limit that is used up the most; undefined without limits, and once it has ended. */
  readonly budget: BudgetLevel | undefined;
}

/** What runs now, what ended lately, what is left of the rate limits, and what was spent. */
export interface LiveView {
  /** The newest first. */
  readonly invocations: readonly LiveInvocation[];
  readonly limits: readonly LimitWindow[];
  readonly spending: Spending;
  /** The project that was asked for, where nothing is recorded of it: it has not begun, or is misspelt. */
  readonly unrecorded?: string | undefined;
}

export interface LiveQuery extends SpendingQuery {
  /** Of the reader: for budgets of a day, a week or a month. */
  readonly calendar: Calendar;
  /** How long an invocation that has ended is shown. */
  readonly endedWithinMs: number;
  /** Whether the process that had this id at `sinceMs` still works. */
  readonly isAlive: (pid: number, sinceMs: number) => boolean;
  /** Whether changes of this invocation are kept beside the database. Never when absent. */
  readonly isPending?: (invocationId: string) => boolean;
}

const ENDED_LEAST = 5;

/** Reads the view of `query`. Call it within a snapshot, so that its parts agree. */
export function readLiveView(connection: Connection, query: LiveQuery): LiveView {
  const { projectId, tags, nowMs, endedWithinMs } = query;
  const filter = { projectId, tags, endedSinceMs: nowMs - endedWithinMs, endedLeast: ENDED_LEAST };
  return {
    invocations: readLive(connection, filter).map((row) => ({
      row,
      state: judge(row, query),
      figures: toFigures(row),
      budget: row.status === 'running' ? findTightest(connection, row, query) : undefined,
    })),
    limits: describeLimits(readRateLimits(connection), nowMs),
    spending: readSpending(connection, query),
    unrecorded: projectId === undefined || findProjects(connection).includes(projectId) ? undefined : projectId,
  };
}

/** Returns its cost per minute so far; undefined in its first seconds, when one response would make a rate that nobody pays. */
export function costPerMinute({ row, figures }: LiveInvocation, nowMs: number): number | undefined {
  const minutes = measureAgeMs(row, nowMs) / 60_000;
  if (figures.costNanoUsd === undefined || minutes < 1 / 12) return undefined;
  return figures.costNanoUsd / minutes;
}

/** Returns how long it took, or has taken so far. */
export function measureAgeMs({ startedAtMs, endedAtMs }: LiveRow, nowMs: number): number {
  return Math.max(0, (endedAtMs ?? nowMs) - startedAtMs);
}

function findTightest(connection: Connection, row: LiveRow, { calendar, nowMs }: LiveQuery): BudgetLevel | undefined {
  const levels = row.limits.map((limit): BudgetLevel => {
    if (limit.scope !== 'invocation') return readLevel(connection, limit, { ...row, calendar, nowMs });
    return { limit, amount: limit.unit === 'usd' ? (row.costNanoUsd ?? 0) : row.input + row.output };
  });
  return levels.sort((a, b) => b.amount / b.limit.amount - a.amount / a.limit.amount)[0];
}

function judge(row: LiveRow, { isAlive, isPending }: LiveQuery): LiveState {
  if (row.status !== 'running') return 'ended';
  const state = judgeState(row, isAlive);
  if (state === 'killed' && isPending?.(row.id)) return 'pending';
  return state === 'settling' ? 'running' : state;
}

/** How much is spent, on all runs together. */
export interface Spending {
  /** Since the beginning of the reader's day. */
  readonly today: Figures;
  /** What the last ten minutes cost, as a rate per hour. */
  readonly perHourNanoUsd: number;
}

export interface SpendingQuery {
  readonly projectId: string | undefined;
  readonly tags?: TagFilter | undefined;
  readonly nowMs: number;
  readonly startOfTodayMs: number;
}

const RATE_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;

export function readSpending(connection: Connection, query: SpendingQuery): Spending {
  const { projectId, tags, nowMs, startOfTodayMs } = query;
  const today = readSums(connection, ['model', 'source'], { projectId, tags, fromMs: startOfTodayMs }, []);
  return {
    today: sumFigures(today.map((row) => figuresOfModel(row))),
    perHourNanoUsd: readCostSince(connection, nowMs - RATE_MS, query) * (HOUR_MS / RATE_MS),
  };
}
