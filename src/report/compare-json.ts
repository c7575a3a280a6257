import { COUNTERS } from '../usage/counters.js';
import type { Comparison, Side } from './compare-report.js';
import { describeOtherPrice, listSentences } from './compare-sentences.js';
import {
  type Change,
  cachedShareOf,
  LEFT_OUT,
  type LeftOut,
  METRICS,
  type MetricName,
  type UnitDifference,
  type UnitStatistics,
} from './compare-units.js';
import type { Distribution } from './distribution.js';
import { SCHEMA_VERSION, toSumsJson, toUnpricedJson } from './sums-json.js';

/** The comparison as data. What is not known is null. */
export function toComparisonJson(comparison: Comparison): object {
  const { sides, unpricedReasons } = comparison;
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'comparison',
    sides: sides.map(toSideJson),
    findings: listSentences(comparison),
    pricedAs: sides.find(({ pricedAs }) => pricedAs !== undefined)?.pricedAs ?? null,
    pricedAsMeaning: describeOtherPrice(comparison) ?? null,
    unpricedReasons,
  };
}

function toSideJson(side: Side): object {
  const { name, operand, pricedAs, baseline, runs, iterations, perIteration, perCompletedRun, phases } = side;
  return {
    ...{ name, asked: operand.given, askedKind: operand.kind, label: operand.label },
    pricedAs: pricedAs ?? null,
    comparedWith: baseline?.name ?? null,
    runCount: runs.statuses.length,
    completedRunCount: runs.completed,
    iterationCount: iterations.statuses.length,
    completedIterationCount: iterations.completed,
    invocationCount: side.invocations.statuses.length,
    completedInvocationCount: side.invocations.completed,
    unassignedResponseCount: side.unassignedResponses,
    totals: { ...toSumsJson(side.totals), cachedShare: cachedShareOf(side.totals) ?? null },
    unpricedModels: side.unpriced.map(toUnpricedJson),
    perIteration: toUnitsJson(perIteration),
    perCompletedRun: toUnitsJson(perCompletedRun),
    phases: phases.map(({ phase, figures, perIteration: ofPhase }) => ({
      phase,
      ...toSumsJson(figures),
      perIteration: toUnitsJson(ofPhase),
    })),
    difference: side.change ? { totals: toChangeJson(side.change), ...toUnitDifferencesJson(side) } : null,
  };
}

function toUnitsJson({ units, leftOut, unpriced, costExtent, metrics }: UnitStatistics): object {
  const reasons = Object.entries(LEFT_OUT).map(([reason, [name]]) => [name, leftOut[reason as LeftOut]]);
  return {
    unitCount: units,
    leftOut: Object.fromEntries(reasons),
    unpricedUnitCount: unpriced,
    costExtent,
    ...mapNames((name) => toDistributionJson(metrics[name], name)),
  };
}

function toDistributionJson(distribution: Distribution | undefined, name: MetricName): object | null {
  if (!distribution) return null;
  const { count, min, median, max, quartiles } = distribution;
  const round = (value: number) => (name === 'cachedShare' ? value : Math.round(value));
  const [q1, q3] = quartiles ?? [];
  return {
    count,
    min: round(min),
    quartile1: q1 === undefined ? null : round(q1),
    median: round(median),
    quartile3: q3 === undefined ? null : round(q3),
    max: round(max),
  };
}

function toUnitDifferencesJson({ perIteration, perCompletedRun, phases }: Side): object {
  const ofPhases = phases.flatMap(({ phase, perIteration: { difference } }) => {
    return difference ? { phase, ...toUnitDifferenceJson(difference) } : [];
  });
  return {
    perIteration: toUnitDifferenceJson(perIteration.difference),
    perCompletedRun: toUnitDifferenceJson(perCompletedRun.difference),
    phases: ofPhases,
  };
}

function toUnitDifferenceJson(difference: UnitDifference | undefined): object {
  return { ...toChangeJson(difference?.medians), verdict: difference?.verdict ?? null };
}

/** Relative, but for the cached share, which is in percentage points. */
function toChangeJson(change: Change | undefined): object {
  const { cachedShare, ...relative } = mapNames((name) => change?.[name] ?? null);
  return { ...relative, cachedSharePoints: typeof cachedShare === 'number' ? cachedShare * 100 : null };
}

/** Where the name of a metric in JSON is another one. */
const NAMES = new Map<string, string>([
  ['responses', 'responseCount'],
  ...COUNTERS.map(({ name, json }) => [name, json] as const),
]);

function mapNames<T>(describe: (name: MetricName) => T): Record<string, T> {
  return Object.fromEntries(METRICS.map((name) => [NAMES.get(name) ?? name, describe(name)]));
}
