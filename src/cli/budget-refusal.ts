import { existsSync } from 'node:fs';
import { listLimits, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { type BudgetLevel, type Day, measureLevel } from '../meter/budget.js';
import { untilRunsAreSettled } from '../meter/settling.js';
import { createCalendar } from '../report/calendar.js';
import { openStore } from '../store/store.js';
import type { Attribution } from '../usage/record.js';
import { describeRefusal } from './budget-text.js';

/** How long it may take to ask the database what was spent, while Codex waits to be started. */
const BUSY_TIMEOUT_MS = 1000;
/** How long the run before may take to record its last response, which belongs to what was spent. */
const SETTLING_MS = 500;

/** Limits of its run or day that are spent already, so that Codex must not be started. */
export interface Refusal {
  readonly reason: string;
  readonly levels: readonly BudgetLevel[];
}

export interface Question {
  readonly database: string;
  readonly settings: Settings;
  readonly whose: Attribution;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly log: Log;
}

/** Undefined where Codex may be started. */
export async function findRefusal(question: Question): Promise<Refusal | undefined> {
  const { database, settings, whose, atMs, log } = question;
  try {
    const levels = await readSpentLimits(database, settings, whose, atMs);
    return levels.length > 0 ? { reason: describeRefusal(levels, whose), levels } : undefined;
  } catch (error) {
    // A database that cannot be read is no reason to refuse; the run itself tells of it.
    log.warn('What was spent before the run cannot be read.', { reason: messageOf(error) });
    return undefined;
  }
}

async function readSpentLimits(
  database: string,
  settings: Settings,
  whose: Attribution,
  atMs: number,
): Promise<BudgetLevel[]> {
  const limits = listLimits(settings).filter(({ scope }) => scope !== 'invocation');
  if (limits.length === 0 || !existsSync(database)) return [];
  const store = openStore(database, { mode: 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    await untilRunsAreSettled(store, SETTLING_MS);
    const day = createDayFinder(settings.timeZone.value)(atMs);
    const query = { projectId: whose.projectId, runId: whose.runId, invocationId: '', day };
    const levels = limits.map((limit) => {
      return measureLevel(limit, store.readSpent(limit.scope === 'run' ? 'run' : 'day', query));
    });
    return levels.filter(({ share }) => share >= 1);
  } finally {
    store.close();
  }
}

/** Finds the day around a moment. `timeZone` is an IANA name; undefined is the system's. */
export function createDayFinder(timeZone: string | undefined): (atMs: number) => Day {
  const calendar = createCalendar(timeZone);
  return (atMs) => {
    const day = calendar.dayOf(atMs);
    return { startMs: calendar.startOf(day), endMs: calendar.startOf(day + 1) };
  };
}
