import { COUNTERS, type CounterName } from '../usage/counters.js';
import {
  type Change,
  type Difference,
  findDifference,
  measureTotals,
  type UnitDifference,
} from './compare-difference.js';
import type { Comparison, Side } from './compare-report.js';
import { describeOtherPrice, listSentences } from './compare-sentences.js';
import { LEFT_OUT, type MetricName, type UnitStatistics } from './compare-units.js';
import type { Distribution } from './distribution.js';
import { SCHEMA_VERSION, toSumsJson, toUnpricedJson } from './sums-json.js';

/** The comparison as data. What is not known is null. */
export function toComparisonJson(comparison: Comparison): object {
  const { sides, unpricedReasons } = comparison;
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'comparison',
    sides: sides.map((side) => toSideJson(side, side.baseline === undefined ? undefined : sides[side.baseline])),
    findings: listSentences(comparison),
    pricedAs: sides.find(({ pricedAs }) => pricedAs !== undefined)?.pricedAs ?? null,
    pricedAsMeaning: describeOtherPrice(comparison) ?? null,
    unpricedReasons,
  };
}

function toSideJson(side: Side, baseline: Side | undefined): object {
  const { name, operand, pricedAs, runs, iterations, perIteration, perCompletedRun, phases } = side;
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
    totals: { ...toSumsJson(side.totals), cachedShare: measureTotals(side).cachedShare ?? null },
    unpricedModels: side.unpriced.map(toUnpricedJson),
    perIteration: toUnitsJson(perIteration),
    perCompletedRun: toUnitsJson(perCompletedRun),
    phases: phases.map(({ phase, figures, perIteration: ofPhase }) => ({
      phase,
      ...toSumsJson(figures),
      perIteration: toUnitsJson(ofPhase),
    })),
    difference: baseline ? toDifferenceJson(findDifference(side, baseline)) : null,
  };
}

/** The names of metrics in JSON: those of the sums. */
const METRIC_NAMES: Readonly<Record<MetricName, string>> = {
  costNanoUsd: 'costNanoUsd',
  responses: 'responseCount',
  ...(Object.fromEntries(COUNTERS.map(({ name, json }) => [name, json])) as Record<CounterName, string>),
  cachedShare: 'cachedShare',
  durationMs: 'durationMs',
};

const LEFT_OUT_NAMES = {
  running: 'runningCount',
  notCompleted: 'notCompletedCount',
  cut: 'cutCount',
  withoutResponses: 'withoutResponseCount',
} as const;

function toUnitsJson({ units, leftOut, unpriced, costExtent, metrics }: UnitStatistics): object {
  return {
    unitCount: units,
    leftOut: Object.fromEntries(LEFT_OUT.map((reason) => [LEFT_OUT_NAMES[reason], leftOut[reason]])),
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

function toDifferenceJson({ totals, perIteration, perCompletedRun, phases }: Difference): object {
  return {
    totals: toChangeJson(totals),
    perIteration: toUnitDifferenceJson(perIteration),
    perCompletedRun: toUnitDifferenceJson(perCompletedRun),
    phases: [...phases].map(([phase, difference]) => ({ phase, ...toUnitDifferenceJson(difference) })),
  };
}

function toUnitDifferenceJson({ medians, verdict }: UnitDifference): object {
  return { ...toChangeJson(medians), verdict: verdict ?? null };
}

/** Relative, but for the cached share, which is in percentage points. */
function toChangeJson(change: Change): object {
  const { cachedShare, ...relative } = mapNames((name) => change[name] ?? null);
  return { ...relative, cachedSharePoints: typeof cachedShare === 'number' ? cachedShare * 100 : null };
}

function mapNames<T>(describe: (name: MetricName) => T): Record<string, T> {
  const names = Object.keys(METRIC_NAMES) as MetricName[];
  return Object.fromEntries(names.map((name) => [METRIC_NAMES[name], describe(name)]));
}
