import { readLastIterations } from '../store/live-queries.js';
import type { Connection } from '../store/open.js';
import { readSums } from '../store/period-queries.js';
import { readRateLimits } from '../store/rate-limits.js';
import { findProjects, findScopes, readSummary } from '../store/scopes.js';
import { readSpentInPeriod, readSpentInRun } from '../store/spent.js';
import { listWanted, type TagFilter } from '../store/tags.js';
import { type BudgetLimit, isBudgetPeriod, type MinLeft, type Spent } from '../usage/budget.js';
import type { RateLimit } from '../usage/record.js';
import { cleanText, formatCost, formatCount, formatPlural } from './amounts.js';
import { type Calendar, findPeriod } from './calendar.js';
import { type BudgetLevel, toLevelJson } from './invocation-json.js';
import { describeLimits, type LimitWindow, nameWindow } from './limits.js';
import { SCHEMA_VERSION, toIso } from './sums-json.js';
import { describeTags, findUnknownTag } from './tags.js';

/** What one more iteration of the run uses when it goes on like those that ended last. */
export interface RunPace extends Pick<Spent, 'nanoUsd' | 'tokens'> {
  /** How many iterations it is the mean of. */
  readonly iterations: number;
}

/** A rate limit's window of which less is left than was asked for. */
export interface ShortWindow extends Pick<LimitWindow, 'name' | 'resetsAtMs'> {
  readonly leftPercent: number;
  readonly minPercent: number;
}

export interface BudgetStatus {
  readonly levels: readonly BudgetLevel[];
  readonly windows: readonly ShortWindow[];
  /** Which project, or which run of it, nothing is recorded of: it has not begun, or is misspelt. */
  readonly unrecorded: string | undefined;
  /** Undefined where no run is named, or none of its iterations has ended. */
  readonly pace: RunPace | undefined;
  /** `reached`: a run that began now would not start, or be warned of; `near`: four fifths of a limit are spent. */
  readonly state: 'within' | 'near' | 'reached';
  /** What alone counts; undefined: all of it. */
  readonly tags?: TagFilter | undefined;
}

export interface BudgetStatusQuery extends LevelQuery {
  readonly limits: readonly BudgetLimit[];
  readonly minLeft: readonly MinLeft[];
}

interface LevelQuery {
  readonly projectId: string;
  /** Undefined: limits of a run are left out. */
  readonly runId: string | undefined;
  /** What counts; undefined: all of it. */
  readonly tags?: TagFilter | undefined;
  readonly calendar: Calendar;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

const NEAR = 0.8;
/** The page takes the pace of a run from as many. */
const PACE_ITERATIONS = 5;

/** Reads how much of the limits of a project, and of one of its runs, is spent. Limits of an invocation are left out. */
export function readBudgetStatus(connection: Connection, query: BudgetStatusQuery): BudgetStatus {
  const limits = query.limits.filter(({ scope }) => isBudgetPeriod(scope) || (scope === 'run' && query.runId));
  const levels = limits.map((limit) => readLevel(connection, limit, query));
  const windows = findShortWindows(readRateLimits(connection), query.minLeft, query.nowMs);
  const share = Math.max(0, ...levels.map(({ limit, amount }) => amount / limit.amount));
  const state = share >= 1 || windows.length > 0 ? 'reached' : share >= NEAR ? 'near' : 'within';
  const { tags } = query;
  return {
    levels,
    windows,
    pace: readPace(connection, query),
    unrecorded: findUnrecorded(connection, query),
    state,
    tags,
  };
}

function findUnrecorded(connection: Connection, { projectId, runId, tags }: LevelQuery): string | undefined {
  if (!findProjects(connection).includes(projectId)) return `project ${projectId}`;
  const unknown = findUnknownTag(connection, tags);
  if (unknown) return `${unknown.key} ${unknown.value}`;
  if (runId === undefined) return undefined;
  const [found] = findScopes(connection, 'run', { id: runId, projectId, limit: 1 });
  return found ? undefined : `run ${runId} in project ${projectId}`;
}

function readPace(connection: Connection, { projectId, runId, tags }: LevelQuery): RunPace | undefined {
  if (runId === undefined || tags !== undefined) return undefined;
  const { iterations, nanoUsd, tokens } = readLastIterations(connection, { projectId, runId }, PACE_ITERATIONS);
  return iterations === 0 ? undefined : { iterations, nanoUsd: nanoUsd / iterations, tokens: tokens / iterations };
}

export function readLevel(connection: Connection, limit: BudgetLimit, query: LevelQuery): BudgetLevel {
  const { nanoUsd, tokens } =
    query.tags === undefined ? readSum(connection, limit, query) : readTagged(connection, limit, query);
  return { limit, amount: limit.unit === 'usd' ? nanoUsd : tokens };
}

function readSum(connection: Connection, { scope }: BudgetLimit, query: LevelQuery): Pick<Spent, 'nanoUsd' | 'tokens'> {
  const { projectId, runId = '', calendar, nowMs } = query;
  if (!isBudgetPeriod(scope)) return readSpentInRun(connection, { projectId, runId });
  return readSpentInPeriod(connection, { projectId, day: findPeriod(calendar, scope, nowMs) });
}

function readTagged(
  connection: Connection,
  { scope }: BudgetLimit,
  query: LevelQuery,
): Pick<Spent, 'nanoUsd' | 'tokens'> {
  const { projectId, runId = '', calendar, nowMs, tags } = query;
  const rows = isBudgetPeriod(scope)
    ? readSums(connection, ['source'], { projectId, tags, fromMs: findPeriod(calendar, scope, nowMs).startMs }, [])
    : [readSummary(connection, { kind: 'run', projectId, runId, ...(tags !== undefined && { tags }) })];
  return {
    nanoUsd: rows.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0),
    tokens: rows.reduce((sum, { input, output }) => sum + input + output, 0),
  };
}

/**
 * Finds the windows of Codex's main rate limit, as it was reported last, of which less is left at `nowMs` than `minLeft`
 * asks for. A window that has begun anew since counts as full; of one that was never reported nothing is known, and it is
 * not among them.
 */
export function findShortWindows(
  limits: readonly RateLimit[],
  minLeft: readonly MinLeft[],
  nowMs: number,
): ShortWindow[] {
  const windows = describeLimits(limits, nowMs).filter(({ provider, limitId }) => {
    return provider === 'codex' && limitId === provider;
  });
  return minLeft.flatMap(({ windowMinutes, percent: minPercent }): ShortWindow[] => {
    const name = nameWindow(windowMinutes);
    const { leftPercent, resetsAtMs } = windows.find((window) => window.name === name) ?? {};
    if (leftPercent === undefined || leftPercent >= minPercent) return [];
    return [{ name, leftPercent, minPercent, resetsAtMs }];
  });
}

/** `of`: that of which the record was read. A line for each limit, and for each window of which too little is left. */
export function renderBudgetStatus(
  { levels, windows, pace, unrecorded, tags }: BudgetStatus,
  of: 'machine' | 'fleet' = 'machine',
): string {
  const lines = [
    ...levels.map((level) => {
      const { limit, amount } = level;
      const format = limit.unit === 'usd' ? formatCost : (tokens: number) => `${formatCount(tokens)} tokens`;
      const share = Math.floor((amount / limit.amount) * 100);
      const machines = limit.of === undefined ? '' : of === 'fleet' ? ' of the fleet' : ', this machine alone';
      const spent = `${limit.scope}${machines}: ${format(amount)} of ${format(limit.amount)} (${share}%)`;
      const more = countIterationsLeft(level, pace);
      return more === undefined ? spent : `${spent}, enough for ${formatPlural(more, 'more iteration')}`;
    }),
    ...(tags !== undefined && levels.length > 0
      ? [`Only what has ${describeTags(tags).map(cleanText).join(', ')} counts.`]
      : []),
    ...(pace && levels.length > 0
      ? [`The pace is that of the run's last ${formatPlural(pace.iterations, 'iteration')}.`]
      : []),
    ...windows.map(({ name, leftPercent, minPercent }) => {
      return `rate limit ${name}: ${Math.floor(leftPercent)}% is left, ${minPercent}% must be`;
    }),
  ];
  const remark = unrecorded === undefined ? '' : `Nothing is recorded of ${cleanText(unrecorded)} yet.\n`;
  return `${lines.length === 0 ? 'No budget is set.' : lines.join('\n')}\n${remark}`;
}

export function toBudgetStatusJson({ levels, windows, pace, unrecorded, state, tags }: BudgetStatus): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'budget',
    state,
    ...(tags !== undefined && { onlyTags: listWanted(tags) }),
    unrecorded: unrecorded ?? null,
    limits: levels.map((level) => ({
      ...toLevelJson(level),
      ...(level.limit.unit === 'usd' ? { leftUsd: leftOf(level) / 1e9 } : { leftTokens: leftOf(level) }),
      iterationsLeft: countIterationsLeft(level, pace) ?? null,
    })),
    pace: pace
      ? { iterationCount: pace.iterations, usdPerIteration: pace.nanoUsd / 1e9, tokensPerIteration: pace.tokens }
      : null,
    windows: windows.map(({ resetsAtMs, ...window }) => ({ ...window, resetsAt: toIso(resetsAtMs) })),
  };
}

function leftOf({ limit, amount }: BudgetLevel): number {
  return Math.max(0, limit.amount - amount);
}

/** How many whole iterations a limit lasts; undefined where the pace is not known, or nothing has a price. */
function countIterationsLeft(level: BudgetLevel, pace: RunPace | undefined): number | undefined {
  const each = (level.limit.unit === 'usd' ? pace?.nanoUsd : pace?.tokens) ?? 0;
  return each > 0 ? Math.floor(leftOf(level) / each) : undefined;
}
