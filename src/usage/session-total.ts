import { COUNTERS } from './counters.js';
import { addUsage, isNoUsage, keepPossible, NO_USAGE, subtractUsage, type Usage } from './usage.js';

/** What a session, or a part of it, has used of one model. */
export interface ModelTotal {
  readonly model: string;
  readonly usage: Usage;
  /** Of `usage.cacheWrite`, the tokens that are kept for an hour. */
  readonly cacheWrite1h: number;
  readonly webSearches: number;
}

/** What a total has beyond the responses that were counted. */
export interface Remainder {
  readonly left: readonly ModelTotal[];
  /** `short`: more was counted of some model than the total has, so that nothing can be said of what else it used. */
  readonly extent: 'exact' | 'short';
}

/** Maps a model to the name under which totals and responses are compared. */
export type NameModel = (model: string) => string;

/**
 * Subtracts `base`, the earlier total that `total` includes, and the counted responses from `total`. A model that the total
 * does not name (a proxy can answer in the name of another model) is subtracted from the model with the most left.
 */
export function takeOff(
  total: readonly ModelTotal[],
  { base, counted, nameModel }: { base: readonly ModelTotal[]; counted: readonly ModelTotal[]; nameModel: NameModel },
): Remainder {
  const totals = sumByName(total, nameModel);
  const before = sumByName(base, nameModel);
  const goesOn = goesOnFrom(total, base, nameModel);
  const left = new Map([...totals].map(([name, part]) => [name, goesOn ? subtract(part, before.get(name)) : part]));
  const unnamed: ModelTotal[] = [];
  for (const [name, part] of sumByName(counted, nameModel)) {
    const whole = left.get(name);
    if (whole) left.set(name, subtract(whole, part));
    else unnamed.push(part);
  }
  for (const part of unnamed) {
    const [name, most] = [...left].sort(([, a], [, b]) => sizeOf(b) - sizeOf(a))[0] ?? [];
    if (name !== undefined && most) left.set(name, subtract(most, part));
  }
  const parts = [...left.values()];
  return {
    left: parts
      .filter((part) => !isBelow(part))
      .map(keepWithin)
      .filter((part) => !isNothing(part)),
    extent: parts.some(isBelow) ? 'short' : 'exact',
  };
}

/** Whether each counter of `total` is at least what it is in `base`. */
export function goesOnFrom(total: readonly ModelTotal[], base: readonly ModelTotal[], nameModel: NameModel): boolean {
  const totals = sumByName(total, nameModel);
  return [...sumByName(base, nameModel)].every(([name, part]) => !isBelow(subtract(totals.get(name) ?? NOTHING, part)));
}

const NOTHING: ModelTotal = { model: '', usage: NO_USAGE, cacheWrite1h: 0, webSearches: 0 };

function sumByName(totals: readonly ModelTotal[], nameModel: NameModel): Map<string, ModelTotal> {
  const sums = new Map<string, ModelTotal>();
  for (const part of totals) {
    const name = nameModel(part.model);
    const sum = sums.get(name);
    sums.set(name, sum ? add(sum, part) : { ...part, model: name });
  }
  return sums;
}

function add(a: ModelTotal, b: ModelTotal): ModelTotal {
  return {
    model: a.model,
    usage: addUsage(a.usage, b.usage),
    cacheWrite1h: a.cacheWrite1h + b.cacheWrite1h,
    webSearches: a.webSearches + b.webSearches,
  };
}

function subtract(a: ModelTotal, b: ModelTotal = NOTHING): ModelTotal {
  const usage = subtractUsage(NO_USAGE, b.usage);
  return add(a, { ...b, usage, cacheWrite1h: -b.cacheWrite1h, webSearches: -b.webSearches });
}

/** Whether more was counted than the total has. A counter that Claude Code did not always report is not compared. */
function isBelow({ usage }: ModelTotal): boolean {
  const reported = COUNTERS.filter(({ omittedBy }) => !omittedBy?.includes('claude'));
  return reported.some(({ name }) => {
    const parts = reported.filter(({ within }) => within === name);
    return parts.reduce((rest, part) => rest - usage[part.name], usage[name]) < 0;
  });
}

/** Cuts what only some versions report to what it is a part of. */
function keepWithin({ model, usage, cacheWrite1h, webSearches }: ModelTotal): ModelTotal {
  return {
    model,
    usage: keepPossible(usage),
    cacheWrite1h: Math.min(Math.max(cacheWrite1h, 0), usage.cacheWrite),
    webSearches: Math.max(webSearches, 0),
  };
}

function isNothing({ usage, webSearches }: ModelTotal): boolean {
  return isNoUsage(usage) && webSearches === 0;
}

function sizeOf({ usage }: ModelTotal): number {
  return usage.input + usage.output;
}
