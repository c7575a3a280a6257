import { existsSync } from 'node:fs';
import { listLimits, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { type BudgetLevel, measureLevel, type OthersScope } from '../meter/budget.js';
import { untilRunsAreSettled } from '../meter/settling.js';
import { findShortWindows } from '../report/budget-status.js';
import { createCalendar, findPeriod } from '../report/calendar.js';
import { readRateLimits } from '../store/rate-limits.js';
import { openStore, type Store } from '../store/store.js';
import { addSpent, isBudgetPeriod, type Spent } from '../usage/budget.js';
import type { Attribution } from '../usage/record.js';
import type { FleetSpending } from './fleet-budget.js';
import { describeRefusal } from './sentences.js';

/** How long it may take to ask the database what was spent, while Codex waits to be started. */
const WAITING = { mode: 'write', busyTimeoutMs: 1000 } as const;
/** How long the run before may take to record its last response, which belongs to what was spent. */
const SETTLING_MS = 500;

/** Why Codex must not be started: limits that are spent already, and rate limits of which too little is left. */
export interface Refusal {
  readonly reason: string;
  readonly levels: readonly BudgetLevel[];
}

export interface Question {
  readonly database: string;
  readonly settings: Settings;
  readonly attribution: Attribution;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly log: Log;
  /** Undefined where no limit is of the fleet. */
  readonly fleet: FleetSpending | undefined;
}

/** Undefined where Codex may be started. */
export async function findRefusal(question: Question): Promise<Refusal | undefined> {
  const { attribution, log } = question;
  try {
    const { levels, windows } = await readReasons(question);
    if (levels.length === 0 && windows.length === 0) return undefined;
    return { reason: describeRefusal(levels, windows, attribution), levels };
  } catch (error) {
    // A database that cannot be read is no reason to refuse; the run itself notes that it cannot.
    log.warn('What was spent before the run cannot be read.', { reason: messageOf(error) });
    return undefined;
  }
}

async function readReasons({ database, settings, attribution, atMs, fleet }: Question) {
  const limits = listLimits(settings).filter(({ scope }) => scope !== 'invocation');
  const minLeft = settings.minLeft.value;
  if (limits.length === 0 && minLeft.length === 0) return { levels: [], windows: [] };
  // A new machine has no database, and what others have spent counts all the same.
  if (!existsSync(database) && fleet === undefined) return { levels: [], windows: [] };
  const store = openStore(existsSync(database) ? database : ':memory:', WAITING);
  try {
    await untilRunsAreSettled(store, SETTLING_MS);
    const calendar = createCalendar(settings.timeZone.value);
    const levels = limits.map((limit) => {
      const scope = isBudgetPeriod(limit.scope) ? { ...findPeriod(calendar, limit.scope, atMs), of: limit.of } : 'run';
      return measureLevel(limit, readSpentByOthers(store, { ...attribution, invocationId: '' }, scope, fleet));
    });
    const windows = findShortWindows(readRateLimits(store.connection), minLeft, atMs);
    return { levels: levels.filter(({ share }) => share >= 1), windows };
  } finally {
    store.close();
  }
}

/** What all other invocations have spent in the run, or in the project in a period: those of this machine, or of the `fleet`. Throws a StoreError. */
export function readSpentByOthers(
  store: Store,
  { projectId, runId, invocationId }: Attribution & { readonly invocationId: string },
  scope: OthersScope,
  fleet: FleetSpending | undefined,
): Spent {
  const query = { projectId, runId, invocationId };
  if (scope === 'run') return store.readSpent('run', { ...query, day: { startMs: 0, endMs: 0 } });
  const { startMs, endMs, of } = scope;
  const local = store.readSpent('day', { ...query, day: { startMs, endMs } });
  return of === 'fleet' && fleet ? addSpent(local, fleet.beyond(scope, local)) : local;
}
