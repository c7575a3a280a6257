import type { ComparedFilter, ComparedInvocationRow } from '../store/compare-queries.js';
import { COUNTERS } from '../usage/counters.js';
import type { InvocationStatus } from '../usage/record.js';
import { type Distribution, describeDistribution, judgeDifference, type Verdict } from './distribution.js';
import { type Figures, isActual, type ModelFigures, sumParts } from './figures.js';
import { groupBy } from './groups.js';

/** An iteration or a run, as far as it is of what is compared. */
export interface Unit {
  readonly figures: Figures;
  /** How long its invocations took together; undefined where the end of one is not known. */
  readonly durationMs: number | undefined;
  readonly status: InvocationStatus;
  /** `cut`: a part of it is outside of the days that were asked for. */
  readonly extent: 'whole' | 'cut';
}

export interface Outcomes {
  readonly statuses: readonly InvocationStatus[];
  readonly completed: number;
}

/** How iterations, or runs, are spread. */
export interface UnitStatistics {
  /** How many there are, those that are left out among them. */
  readonly units: number;
  /** Left out of all figures: what still runs or did not complete, is cut by the days, or has no response. */
  readonly leftOut: Readonly<Record<LeftOut, number>>;
  /** Left out of the costs: none of their responses has a price. */
  readonly unpriced: number;
  /** Whether a cost leaves out responses without a price. */
  readonly costExtent: 'whole' | 'partial';
  readonly isActual: boolean;
  readonly metrics: Metrics<Distribution | undefined>;
}

/** Why a unit is left out: its name in JSON, and in words. */
export const LEFT_OUT = {
  running: ['runningCount', 'still running'],
  notCompleted: ['notCompletedCount', 'not completed'],
  cut: ['cutCount', 'reaching beyond the days'],
  withoutResponses: ['withoutResponseCount', 'without a response'],
} as const;
export type LeftOut = keyof typeof LEFT_OUT;

export const METRICS = [
  'costNanoUsd',
  'responses',
  ...COUNTERS.map(({ name }) => name),
  'cachedShare',
  'durationMs',
] as const;
export type MetricName = (typeof METRICS)[number];
export type Metrics<T> = Readonly<Record<MetricName, T>>;

/**
 * How two amounts differ, as a part of the first: 0.12 is 12 % more. Shares are subtracted instead: 0.12 is 12 percentage
 * points more. Undefined where one is not known, or where the first is 0.
 */
export type Change = Metrics<number | undefined>;

export interface UnitDifference {
  readonly medians: Change;
  /** Of the cost; undefined where one side has none, or where both have the same responses at two prices. */
  readonly verdict: Verdict | undefined;
}

/** Units, and how they differ from those of the baseline. */
export interface ComparedUnits extends UnitStatistics {
  /** Undefined where the baseline has none of them. */
  readonly difference: UnitDifference | undefined;
}

/** Compares units with those of the baseline. Where they are not `judged`, both have the same responses at two prices. */
export function compareUnits(
  units: UnitStatistics,
  baseline: UnitStatistics | undefined,
  judged: boolean,
): ComparedUnits {
  if (!baseline) return { ...units, difference: undefined };
  const medians = ({ metrics }: UnitStatistics) => mapMetrics((name) => metrics[name]?.median);
  const [before, after] = [baseline.metrics.costNanoUsd, units.metrics.costNanoUsd];
  const verdict = judged && before && after ? judgeDifference(before, after) : undefined;
  return { ...units, difference: { medians: compareMetrics(medians(baseline), medians(units)), verdict } };
}

export function compareTotals(before: Figures, after: Figures): Change {
  return compareMetrics(measure({ figures: before }), measure({ figures: after }));
}

function compareMetrics(a: Metrics<number | undefined>, b: Metrics<number | undefined>): Change {
  return mapMetrics((name) => {
    const [before, after] = [a[name], b[name]];
    if (before === undefined || after === undefined) return undefined;
    if (name === 'cachedShare') return after - before;
    return before === 0 ? undefined : (after - before) / before;
  });
}

function mapMetrics<T>(describe: (name: MetricName) => T): Metrics<T> {
  return Object.fromEntries(METRICS.map((name) => [name, describe(name)])) as Record<MetricName, T>;
}

/** What is measured: undefined where it is not known. Of the input, `cachedShare` is the part that was read from the cache. */
function measure({ figures, durationMs }: Pick<Unit, 'figures'> & Partial<Unit>): Metrics<number | undefined> {
  const { usage, responses, costNanoUsd } = figures;
  return { ...usage, costNanoUsd, responses, cachedShare: cachedShareOf(figures), durationMs };
}

export function cachedShareOf({ usage }: Figures): number | undefined {
  return usage.input === 0 ? undefined : usage.cachedInput / usage.input;
}

/** `ended`: units that still run are left out. `completed`: all that did not complete are. */
export function describeUnits(units: readonly Unit[], which: 'ended' | 'completed'): UnitStatistics {
  const byReason = groupBy(units, (unit) => findReason(unit, which));
  const used = byReason.get(undefined) ?? [];
  const measured = used.map(measure);
  const reasons = Object.keys(LEFT_OUT) as LeftOut[];
  const leftOut = reasons.map((reason) => [reason, byReason.get(reason)?.length ?? 0]);
  return {
    units: units.length,
    leftOut: Object.fromEntries(leftOut) as Record<LeftOut, number>,
    unpriced: used.filter(({ figures }) => figures.costNanoUsd === undefined).length,
    costExtent: used.some(({ figures }) => figures.unpricedResponses > 0) ? 'partial' : 'whole',
    isActual: used.every(({ figures }) => isActual(figures)),
    metrics: mapMetrics((name) => describeDistribution(measured.flatMap((unit) => unit[name] ?? []))),
  };
}

function findReason({ status, extent, figures }: Unit, which: 'ended' | 'completed'): LeftOut | undefined {
  if (status === 'running') return 'running';
  if (which === 'completed' && status !== 'completed') return 'notCompleted';
  if (extent === 'cut') return 'cut';
  return figures.responses === 0 ? 'withoutResponses' : undefined;
}

/** What an invocation used of one model; of no invocation where `invocationId` is null. */
export interface InvocationPart extends ModelFigures {
  readonly invocationId: string | null;
}

export interface Grouping {
  readonly members: readonly ComparedInvocationRow[];
  readonly parts: ReadonlyMap<string | null, readonly InvocationPart[]>;
  readonly span: Pick<ComparedFilter, 'fromMs' | 'untilMs'>;
}

/** Makes units of the members with the same key. `all` has every invocation that decides how a unit ended, and when. */
export function listUnits(
  { members, parts, span }: Grouping,
  keyOf: (invocation: ComparedInvocationRow) => string,
  all: readonly ComparedInvocationRow[],
): Unit[] {
  const deciding = groupBy(all, keyOf);
  return [...groupBy(members, keyOf)].map(([key, ofMembers]) => {
    const figures = sumParts(ofMembers.flatMap(({ id }) => parts.get(id) ?? []));
    return { figures, durationMs: sumDurations(ofMembers), ...describeEnd(deciding.get(key) ?? ofMembers, span) };
  });
}

export function countOutcomes(units: readonly Pick<Unit, 'status'>[]): Outcomes {
  const statuses = units.map(({ status }) => status);
  return { statuses, completed: statuses.filter((status) => status === 'completed').length };
}

export function keyOfRun({ projectId, runId }: ComparedInvocationRow): string {
  return JSON.stringify([projectId, runId]);
}

export function keyOfIteration({ projectId, runId, iteration }: ComparedInvocationRow): string {
  return JSON.stringify([projectId, runId, iteration]);
}

function sumDurations(invocations: readonly ComparedInvocationRow[]): number | undefined {
  if (invocations.some(({ endedAtMs }) => endedAtMs === null)) return undefined;
  return invocations.reduce((sum, one) => sum + Math.max(0, lastMomentOf(one) - one.startedAtMs), 0);
}

/** A run or an iteration ended as the last of its invocations to end did, once none of them runs. */
function describeEnd(
  invocations: readonly ComparedInvocationRow[],
  { fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY }: Grouping['span'],
): Pick<Unit, 'status' | 'extent'> {
  const last = invocations.reduce((a, b) => (lastMomentOf(b) >= lastMomentOf(a) ? b : a));
  const isWithin = invocations.every((one) => one.startedAtMs >= fromMs && lastMomentOf(one) < untilMs);
  return {
    status: invocations.some(({ status }) => status === 'running') ? 'running' : last.status,
    extent: isWithin ? 'whole' : 'cut',
  };
}

function lastMomentOf({ startedAtMs, endedAtMs }: ComparedInvocationRow): number {
  return endedAtMs ?? startedAtMs;
}
