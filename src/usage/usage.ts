import { COUNTERS, type CounterName, type TokensJson } from './counters.js';

/**
 * Token counts of one model response, or a sum of several. `cachedInput` and `cacheWrite` are within `input`, `reasoning` is
 * within `output`, as the Responses API counts them.
 */
export type Usage = { readonly [Name in CounterName]: number };

type WritableUsage = { -readonly [Name in CounterName]: number };

const NAMES: readonly CounterName[] = COUNTERS.map(({ name }) => name);

export const NO_USAGE: Usage = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** What `describe` gives for each counter. */
export function mapCounters<T>(describe: (name: CounterName) => T): Readonly<Record<CounterName, T>> {
  return Object.fromEntries(NAMES.map((name) => [name, describe(name)])) as Record<CounterName, T>;
}

/** Usage of which some counters were reported; the others are 0. */
export function completeUsage(counts: { readonly [Name in CounterName]?: number | null | undefined }): Usage {
  const usage: WritableUsage = { ...NO_USAGE };
  for (const name of NAMES) usage[name] = counts[name] ?? 0;
  return usage;
}

/** The usage in JSON that this or another version of codex-metered has written. */
export function fromTokensJson(json: Partial<TokensJson>): Usage {
  return completeUsage(Object.fromEntries(COUNTERS.map(({ name, json: key }) => [name, json[key]])));
}

/*
 * The following run several times for each response of a history. They name the counters instead of going through the list,
 * because V8 reads a field whose name is a variable many times slower. test/usage/usage.test.ts asks them about each counter
 * of the list.
 */

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cachedInput: a.cachedInput + b.cachedInput,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}

/** `a - b`, counter by counter; a counter is negative where `b` is larger. */
export function subtractUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input - b.input,
    cachedInput: a.cachedInput - b.cachedInput,
    cacheWrite: a.cacheWrite - b.cacheWrite,
    output: a.output - b.output,
    reasoning: a.reasoning - b.reasoning,
  };
}

/** Adds `usage` to sums that are in the order of `COUNTERS`. */
export function addToCounts(counts: number[], usage: Usage): void {
  counts[0] = (counts[0] ?? 0) + usage.input;
  counts[1] = (counts[1] ?? 0) + usage.cachedInput;
  counts[2] = (counts[2] ?? 0) + usage.cacheWrite;
  counts[3] = (counts[3] ?? 0) + usage.output;
  counts[4] = (counts[4] ?? 0) + usage.reasoning;
}

export function equalUsage(a: Usage, b: Usage): boolean {
  const isEqual = a.input === b.input && a.cachedInput === b.cachedInput && a.cacheWrite === b.cacheWrite;
  return isEqual && a.output === b.output && a.reasoning === b.reasoning;
}

/** True when nothing was counted. Codex prints such zeros for a provider that reports no usage, so a zero is not a fact. */
export function isNoUsage(usage: Usage): boolean {
  return equalUsage(usage, NO_USAGE);
}

export function sumUsage(usages: Iterable<Usage>): Usage {
  let total = NO_USAGE;
  for (const usage of usages) total = addUsage(total, usage);
  return total;
}

/** True when a counter is negative: the difference of two totals of which the later one started anew. */
export function isNegativeUsage(usage: Usage): boolean {
  return NAMES.some((name) => usage[name] < 0);
}

/**
 * `usage` with 0 for each counter that `reported` has as 0 and that older versions of the agent do not report, so that what
 * both know can be compared.
 */
export function keepReported(usage: Usage, reported: Usage, agent: 'codex' | 'claude'): Usage {
  const omitted = new Set(COUNTERS.filter(({ omittedBy }) => omittedBy?.includes(agent)).map(({ name }) => name));
  return mapCounters((name) => (omitted.has(name) && reported[name] === 0 ? 0 : usage[name]));
}

/** `usage` without what is below 0 or beyond the counter that it is within. */
export function keepPossible(usage: Usage): Usage {
  const possible: WritableUsage = { ...NO_USAGE };
  for (const { name, within } of COUNTERS) {
    const most = within === undefined ? Number.POSITIVE_INFINITY : possible[within];
    possible[name] = Math.min(Math.max(0, usage[name]), most);
  }
  return possible;
}
