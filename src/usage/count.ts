import type { Note } from './record.js';
import type { Evidence } from './source.js';
import type { Usage } from './usage.js';

/*
 * The rules of what a number of tokens, a cost and a time can be. Any other value that a file, a proxy or a price list has is
 * treated as unreadable or unpriced: it is counted, reported with its place, and enters no sum.
 */

/**
 * The highest count of a counter that one response can have: a hundred times the largest context of any model, and less than
 * the numbers that stand for "none" by mistake (2^31 − 1, 2^32 − 1, a time in seconds). Nine million responses of that size,
 * more than a history has, add up to less than 2^53, so that sums need no check of their own.
 */
const MOST_RESPONSE_TOKENS = 1_000_000_000;

/** The same for a total of all responses of a run or a thread. */
const MOST_RUN_TOKENS = 1_000_000_000_000;

/**
 * The most that one response, or what stands for a run, can cost: $10,000. The dearest response that a published price makes
 * is a few hundred dollars. SQLite adds 900,000 costs of that size before it refuses a sum.
 */
export const MOST_NANO_USD = 10_000_000_000_000;

/** The end of 9999-12-31, the last day that SQLite and the text form of a time can express. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Evidence that can be the total of many responses: `turn.completed`, a footer, the total of a session. */
const OF_MANY_RESPONSES: ReadonlySet<Evidence> = new Set<Evidence>(['turn_completed', 'text', 'session_total']);

/** Whether `value` is a count, alone or cumulative over a thread: a whole number from 0 to 2^53 − 1, and not a text. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The most that a counter can be that was read from `evidence`: of one response, or of many. */
export function mostTokens(evidence: Evidence): number {
  return OF_MANY_RESPONSES.has(evidence) ? MOST_RUN_TOKENS : MOST_RESPONSE_TOKENS;
}

/** Whether `usage` can be what its evidence says: the counters of one response, or those of many. */
export function isPossibleUsage(usage: Usage, evidence: Evidence): boolean {
  const most = mostTokens(evidence);
  const { input, cachedInput, cacheWrite, output, reasoning } = usage;
  const areInputs = isCountUpTo(input, most) && isCountUpTo(cachedInput, most) && isCountUpTo(cacheWrite, most);
  return areInputs && isCountUpTo(output, most) && isCountUpTo(reasoning, most);
}

function isCountUpTo(value: number, most: number): boolean {
  return value <= most && isCount(value);
}

/** Returns a note when a total is impossible for its evidence and is left out, or no note when it is possible. */
export function noteImpossible(usage: Usage, evidence: Evidence): Note[] {
  if (isPossibleUsage(usage, evidence)) return [];
  const { input, output } = usage;
  const reason = `the total that was read (${evidence}) cannot be what was used: it is left out`;
  return [{ kind: 'unreadable', reason, figures: { input, output } }];
}

/** Whether a response can cost so many nano-USD. Prices beyond all reason make infinity, or no number at all. */
export function isPossibleCost(nanoUsd: number): boolean {
  return isCount(nanoUsd) && nanoUsd <= MOST_NANO_USD;
}

/** Whether something can have happened at `atMs` (epoch milliseconds): from 1970 to 9999. */
export function isPossibleTime(atMs: number): boolean {
  return isCount(atMs) && atMs <= LAST_MS;
}
