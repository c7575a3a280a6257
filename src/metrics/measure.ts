import { describeLimits } from '../report/limits.js';
import {
  type ExportedCounter,
  readBeginning,
  readHighest,
  writeBeginning,
  writeHighest,
} from '../store/exported-counters.js';
import { countInvocations } from '../store/health.js';
import { type Connection, explainingFaults } from '../store/open.js';
import { listTargets, readBacklog } from '../store/outbox.js';
import { readSpan, readSums } from '../store/period-queries.js';
import { readSnapshot, type SumRow } from '../store/queries.js';
import { readRateLimits } from '../store/rate-limits.js';
import type { Store } from '../store/store.js';
import { type Counted, hold, type Labels, type Measured, type Point } from './hold.js';
import {
  BUILD,
  COST,
  INVOCATIONS,
  LAST_PUSH,
  LIMIT_RESETS,
  LIMIT_USED,
  OUTBOX,
  OUTBOX_OLDEST,
  RESPONSES,
  RUNNING,
  SUMMED_UP,
  TOKEN_METRICS,
  UNPRICED,
} from './names.js';
import { readTokenSizes } from './token-sizes.js';

export interface Measurement {
  /** When all counters were 0, in epoch milliseconds: the same in every measurement of a database. */
  readonly beginningMs: number;
  readonly takenAtMs: number;
  readonly metrics: readonly Measured[];
  /** Combinations of labels that are summed up as `(other)`. */
  readonly summedUp: number;
}

export interface MeasureOptions {
  readonly nowMs: number;
  readonly version: string;
  /** How many combinations of provider, project, model and source have series of their own. */
  readonly mostGroups?: number;
  /** Whether the sizes of responses are counted, too, which takes a look at each of them. */
  readonly tokenSizes?: boolean;
  /** Read only, so that what is shown is not recorded as shown. */
  readonly preview?: boolean;
}

/** A database, and its path. */
export type Recorded = Pick<Store, 'connection' | 'path'>;

const MOST_GROUPS = 2000;
/** The project and the model of what is summed up beyond the bound. */
const OTHER = '(other)';
const LONGEST_LABEL = 200;

/**
 * Reads the sums of the record as metrics. A counter has the highest value that it ever had in a measurement, which is recorded
 * in the same transaction: what is shown once never falls, whatever is corrected later. Throws a StoreError.
 */
export function measure(store: Recorded, options: MeasureOptions): Measurement {
  const { connection, path } = store;
  const found = readSnapshot(store, () => read(connection, options));
  if (options.preview || (found.grown.length === 0 && found.isBegun)) return found.measurement;
  const record = connection.transaction(() => {
    const { grown, measurement, isBegun } = read(connection, options);
    if (!isBegun) writeBeginning(connection, measurement.beginningMs, options.nowMs);
    writeHighest(connection, grown, options.nowMs);
    return measurement;
  });
  return explainingFaults(path, () => record.immediate());
}

interface Read {
  readonly measurement: Measurement;
  /** Counters that are higher than they were ever exported. */
  readonly grown: readonly ExportedCounter[];
  readonly isBegun: boolean;
}

function read(connection: Connection, options: MeasureOptions): Read {
  const { nowMs, version, mostGroups = MOST_GROUPS } = options;
  const highest = readHighest(connection);
  const begun = readBeginning(connection);
  const beginningMs = begun ?? Math.min(nowMs, readSpan(connection)?.firstMs ?? nowMs);
  const grouped = readGroups(connection, highest, mostGroups);
  const invocations = countInvocations(connection);
  const ended = invocations.filter(({ status }) => status !== 'running');
  const counters: Counted[] = [
    ...TOKEN_METRICS.map((metric) => [metric, grouped.list(({ tokens }) => tokens[metric.name])] as const),
    [COST, grouped.list(({ cost }) => cost)],
    [RESPONSES, grouped.list(({ responses }) => responses)],
    [UNPRICED, grouped.list(({ unpriced }) => unpriced)],
    [INVOCATIONS, ended.map(({ status, phase, count }) => ({ labels: { status, phase }, value: count }))],
    ...(options.tokenSizes ? readTokenSizes(connection, grouped.labelsOf) : []),
  ];
  const { held, corrections, grown } = hold(counters, highest);
  const running = invocations.filter(({ status }) => status === 'running');
  const gauges: Measured[] = [
    { metric: RUNNING, points: running.map(({ phase, count }) => ({ labels: { phase }, value: count })) },
    ...measureLimits(connection, nowMs),
    ...measureOutbox(connection, nowMs),
    { metric: SUMMED_UP, points: [{ labels: {}, value: grouped.summedUp }] },
    { metric: BUILD, points: [{ labels: { version }, value: 1 }] },
  ];
  const metrics = [...held, ...corrections, ...gauges].filter(({ points }) => points.length > 0);
  const measurement = { beginningMs, takenAtMs: nowMs, metrics, summedUp: grouped.summedUp };
  return { measurement, grown, isBegun: begun !== undefined };
}

interface Group {
  readonly labels: Labels;
  readonly tokens: Record<string, number>;
  cost: number | null;
  responses: number;
  unpriced: number;
}

/** The sums by provider, project, model and source. Those that were exported before keep their series, however many others come. */
function readGroups(connection: Connection, highest: ReadonlyMap<string, number>, mostGroups: number) {
  const groups = new Map<string, Group>();
  const exported = new Set(
    [...highest.keys()].flatMap((key) => (key.startsWith(PREFIX) ? [key.slice(PREFIX.length)] : [])),
  );
  let room = mostGroups - exported.size;
  let summedUp = 0;
  const rows = readSums(connection, ['provider', 'projectId', 'model', 'source'], {}, []);
  const labelled = new Map<string, Labels>();
  // The dearest first, so that they have the series where there are too many.
  for (const row of rows.sort((a, b) => (b.costNanoUsd ?? 0) - (a.costNanoUsd ?? 0))) {
    const own = toLabels(row);
    const key = JSON.stringify(own);
    const hasSeries = exported.has(key) || groups.has(key) || room-- > 0;
    if (!hasSeries) summedUp++;
    const labels = hasSeries ? own : { ...own, project: OTHER, model: OTHER };
    labelled.set(key, labels);
    addTo(groups, labels, row);
  }
  const labelsOf = (row: Named) => labelled.get(JSON.stringify(toLabels(row))) ?? toLabels(row);
  const list = (pick: (group: Group) => number | null | undefined): Point[] => {
    return [...groups.values()].flatMap((group) => {
      const value = pick(group);
      return value === null || value === undefined ? [] : [{ labels: group.labels, value }];
    });
  };
  return { list, labelsOf, summedUp };
}

type Named = Readonly<Record<'provider' | 'projectId' | 'model' | 'source', string>>;

function toLabels({ provider, projectId, model, source }: Named): Labels {
  return { provider, project: toLabel(projectId), model: toLabel(model), source };
}

const PREFIX = `${RESPONSES.prometheus} `;

function addTo(groups: Map<string, Group>, labels: Labels, row: SumRow): void {
  const key = JSON.stringify(labels);
  const group = groups.get(key) ?? { labels, tokens: {}, cost: null, responses: 0, unpriced: 0 };
  groups.set(key, group);
  for (const { name } of TOKEN_METRICS) group.tokens[name] = (group.tokens[name] ?? 0) + row[name];
  if (row.costNanoUsd !== null) group.cost = (group.cost ?? 0) + row.costNanoUsd;
  group.responses += row.responses;
  group.unpriced += row.unpricedResponses;
}

/** The windows whose use is known. One that has begun anew since it was reported has none. */
function measureLimits(connection: Connection, nowMs: number): Measured[] {
  const known = describeLimits(readRateLimits(connection), nowMs).flatMap((limit) => {
    if (limit.leftPercent === undefined) return [];
    // Codex reports the same window as 299 or as 300 minutes long.
    const minutes = limit.windowMinutes < 60 ? limit.windowMinutes : Math.round(limit.windowMinutes / 60) * 60;
    const labels = { provider: limit.provider, limit_id: toLabel(limit.limitId), window_minutes: String(minutes) };
    return [{ ...limit, labels, used: (100 - limit.leftPercent) / 100 }];
  });
  return [
    { metric: LIMIT_USED, points: known.map(({ labels, used }) => ({ labels, value: used })) },
    {
      metric: LIMIT_RESETS,
      points: known.flatMap(({ labels, resetsAtMs }) => {
        return resetsAtMs === undefined ? [] : [{ labels, value: resetsAtMs / 1000 }];
      }),
    },
  ];
}

/** What waits for the targets of the fleet. */
function measureOutbox(connection: Connection, nowMs: number): Measured[] {
  const targets = listTargets(connection).map((target) => {
    return { ...target, ...readBacklog(connection, target), labels: { target: toLabel(target.name) } };
  });
  const oldest = (sinceMs: number | null) => (sinceMs === null ? 0 : Math.max(0, nowMs - sinceMs) / 1000);
  return [
    { metric: OUTBOX, points: targets.map(({ labels, entries }) => ({ labels, value: entries })) },
    { metric: OUTBOX_OLDEST, points: targets.map(({ labels, sinceMs }) => ({ labels, value: oldest(sinceMs) })) },
    {
      metric: LAST_PUSH,
      points: targets.flatMap(({ labels, lastOkMs }) => {
        return lastOkMs === null ? [] : [{ labels, value: lastOkMs / 1000 }];
      }),
    },
  ];
}

/** A name as a label: of bounded length, and with control characters written out, since screens and parsers trip over them. */
function toLabel(name: string): string {
  const visible = name.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const characters = [...visible];
  return characters.length <= LONGEST_LABEL ? visible : `${characters.slice(0, LONGEST_LABEL - 1).join('')}…`;
}
