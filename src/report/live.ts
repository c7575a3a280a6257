import { judgeState } from '../process/invocation-state.js';
import { type LiveRow, readLive } from '../store/live-queries.js';
import type { Connection } from '../store/open.js';
import { readRateLimits } from '../store/rate-limits.js';
import { type BudgetLevel, readLevel } from './budget-status.js';
import type { Calendar } from './calendar.js';
import { type Figures, toFigures } from './figures.js';
import { describeLimits, type LimitWindow } from './limits.js';
import { readSpending, type Spending } from './spending.js';

/**
 * What an invocation does now. `unmetered`: its Codex works but its meter was killed, so its figures stand still until
 * the next command settles it; `killed`: both are dead and nobody has settled it yet.
 */
export type LiveState = 'running' | 'unmetered' | 'killed' | 'ended';

export interface LiveInvocation {
  readonly row: LiveRow;
  readonly state: LiveState;
  readonly figures: Figures;
  /** The limit that is used up the most; undefined where there is none, or it has ended. */
  readonly budget: BudgetLevel | undefined;
}

/** What runs now, what ended lately, and what is left. */
export interface LiveView {
  /** The newest first. */
  readonly invocations: readonly LiveInvocation[];
  readonly limits: readonly LimitWindow[];
  readonly spending: Spending;
}

export interface LiveQuery {
  readonly projectId: string | undefined;
  readonly nowMs: number;
  readonly startOfTodayMs: number;
  /** Of the reader: for budgets of a day, a week or a month. */
  readonly calendar: Calendar;
  /** How long an invocation that has ended is shown. */
  readonly endedWithinMs: number;
  /** True while the process with that id, which was there at `sinceMs`, works. */
  readonly isAlive: (pid: number, sinceMs: number) => boolean;
}

const ENDED_LEAST = 5;

/** Reads the view of `query`. Call it within a snapshot, so that its parts agree. */
export function readLiveView(connection: Connection, query: LiveQuery): LiveView {
  const { projectId, nowMs, endedWithinMs, isAlive } = query;
  const filter = { projectId, endedSinceMs: nowMs - endedWithinMs, endedLeast: ENDED_LEAST };
  const rows = readLive(connection, filter);
  return {
    invocations: rows.map((row) => ({
      row,
      state: judge(row, isAlive),
      figures: toFigures(row, { models: row.models, sources: row.sources, evidence: [] }),
      budget: row.status === 'running' ? findTightest(connection, row, query) : undefined,
    })),
    limits: describeLimits(readRateLimits(connection), nowMs),
    spending: readSpending(connection, query),
  };
}

/** What it has cost per minute of its life; undefined while that says nothing. */
export function costPerMinute({ row, figures }: LiveInvocation, nowMs: number): number | undefined {
  const minutes = measureAgeMs(row, nowMs) / 60_000;
  // Too short a time makes a rate of one response that nobody pays.
  if (figures.costNanoUsd === undefined || minutes < 1 / 12) return undefined;
  return figures.costNanoUsd / minutes;
}

/** How long it took, or has taken so far. */
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

function judge(row: LiveRow, isAlive: LiveQuery['isAlive']): LiveState {
  if (row.status !== 'running') return 'ended';
  const state = judgeState(row, isAlive);
  return state === 'settling' ? 'running' : state;
}
