import type { ComparedFilter, ComparedInvocationRow } from '../store/compare-queries.js';
import { COUNTERS, type CounterName } from '../usage/counters.js';
import type { InvocationStatus } from '../usage/record.js';
import { type Distribution, describeDistribution } from './distribution.js';
import { type Figures, isActual, type Part, sumParts } from './figures.js';
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

/** How runs, iterations or invocations ended. */
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
  /** Whether the API reported all counts. */
  readonly isActual: boolean;
  readonly metrics: Metrics<Distribution | undefined>;
}

export const LEFT_OUT = ['running', 'notCompleted', 'cut', 'withoutResponses'] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

export type MetricName = 'costNanoUsd' | 'responses' | CounterName | 'cachedShare' | 'durationMs';
export type Metrics<T> = Readonly<Record<MetricName, T>>;

/** Returns what `describe` gives for each metric. */
export function mapMetrics<T>(describe: (name: MetricName) => T): Metrics<T> {
  const names: readonly MetricName[] = ['costNanoUsd', 'responses', ...COUNTER_NAMES, 'cachedShare', 'durationMs'];
  return Object.fromEntries(names.map((name) => [name, describe(name)])) as Record<MetricName, T>;
}

const COUNTER_NAMES = COUNTERS.map(({ name }) => name);

/** What is measured: undefined where it is not known. Of the input, `cachedShare` is the part that was read from the cache. */
export function measure({ figures, durationMs }: Pick<Unit, 'figures' | 'durationMs'>): Metrics<number | undefined> {
  const { usage, responses, costNanoUsd } = figures;
  const cachedShare = usage.input === 0 ? undefined : usage.cachedInput / usage.input;
  return { ...usage, costNanoUsd, responses, cachedShare, durationMs };
}

/** `ended`: units that still run are left out. `completed`: all that did not complete are. */
export function describeUnits(units: readonly Unit[], which: 'ended' | 'completed'): UnitStatistics {
  const reasons = units.map((unit) => ({ unit, reason: findReason(unit, which) }));
  const used = reasons.filter(({ reason }) => reason === undefined).map(({ unit }) => unit);
  const measured = used.map(measure);
  return {
    units: units.length,
    leftOut: Object.fromEntries(
      LEFT_OUT.map((name) => [name, reasons.filter(({ reason }) => reason === name).length]),
    ) as Record<LeftOut, number>,
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
export interface InvocationPart extends Part {
  readonly invocationId: string | null;
}

export interface Grouping {
  /** The invocations that are compared. */
  readonly members: readonly ComparedInvocationRow[];
  readonly parts: ReadonlyMap<string | null, readonly InvocationPart[]>;
  /** The days that were asked for. */
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
