import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { type ConfirmedValue, type ExportedCounter, keyOf } from '../store/exported-counters.js';
import type { Labels, Point } from './hold.js';
import type { Measurement } from './measure.js';
import { BUILD, type Metric, TOKEN_METRICS } from './names.js';
import {
  gatherHistograms,
  isSize,
  sizeMetric,
  TOKEN_SIZE_BOUNDS,
  TOKEN_USAGE,
  type TokenHistogram,
} from './token-sizes.js';

/** One point of a metric, and the counters whose values it brings. */
export interface OtlpPoint {
  readonly data: MetricData;
  readonly counters: readonly ExportedCounter[];
}

/** What a target that takes differences has confirmed, by `keyOf`. */
type Confirmed = ReadonlyMap<string, ConfirmedValue>;

/** `gen_ai.provider.name` of each agent's API. Two agents use the same one, so the agent is an attribute as well. */
export const GENAI_PROVIDERS: Readonly<Record<string, string>> = {
  codex: 'openai',
  openai: 'openai',
  claude: 'anthropic',
  gemini: 'gcp.gemini',
};

/**
 * Makes OTLP's points of a measurement. With `confirmed`, a counter is sent as what was added since, and left out where
 * nothing was; without it, as what it is since the beginning. Where sizes were counted, they take the place of the token counters.
 */
export function toOtlpPoints(measurement: Measurement, confirmed: Confirmed | undefined): OtlpPoint[] {
  const { metrics } = measurement;
  const hasSizes = metrics.some(({ metric }) => isSize(metric));
  const isSent = (metric: Metric) => metric !== BUILD && !isSize(metric) && !(hasSizes && isTokens(metric));
  const points = metrics
    .filter(({ metric }) => isSent(metric))
    .flatMap(({ metric, points: all }) => all.flatMap((point) => toPoint(measurement, metric, point, confirmed) ?? []));
  const totals = hasSizes ? readTotals(measurement) : new Map<string, number>();
  const histograms = gatherHistograms(metrics);
  return [...points, ...histograms.flatMap((one) => toHistogram(measurement, one, totals, confirmed) ?? [])];
}

function isTokens(metric: Metric): boolean {
  return TOKEN_METRICS.some(({ otlp }) => otlp === metric.otlp);
}

function toPoint(
  measurement: Measurement,
  metric: Metric,
  { labels, value }: Point,
  confirmed: Confirmed | undefined,
): OtlpPoint | undefined {
  const counter = { counter: metric.prometheus, labels: JSON.stringify(labels), value };
  const isCounter = metric.type === 'counter';
  const before = isCounter ? confirmed?.get(keyOf(counter)) : undefined;
  const difference = value - (before?.value ?? 0);
  if (isCounter && confirmed && difference <= 0) return undefined;
  const startMs = before?.atMs ?? measurement.beginningMs;
  const attributes = { ...toAttributes(labels), ...(isTokens(metric) && { 'gen_ai.token.modality': 'unknown' }) };
  const point: DataPoint<number> = { ...span(startMs, measurement), attributes, value: difference / metric.scale };
  const descriptor = describe(
    metric,
    metric.type === 'counter' && metric.scale === 1 ? ValueType.INT : ValueType.DOUBLE,
  );
  if (isGauge(metric)) {
    const data = {
      descriptor,
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.GAUGE as const,
      dataPoints: [point],
    };
    return { data, counters: [] };
  }
  // What is ahead of the record goes up and down: such a sum stays cumulative.
  const aggregationTemporality =
    isCounter && confirmed ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
  const data = {
    descriptor,
    aggregationTemporality,
    dataPointType: DataPointType.SUM as const,
    isMonotonic: isCounter,
    dataPoints: [point],
  };
  return { data, counters: isCounter ? [counter] : [] };
}

/** Corrections and running invocations can be added up, ratios and times cannot. */
function isGauge({ unit, type }: Metric): boolean {
  return type === 'gauge' && (unit === '1' || unit === 's');
}

function toHistogram(
  measurement: Measurement,
  histogram: TokenHistogram,
  totals: ReadonlyMap<string, number>,
  confirmed: Confirmed | undefined,
): OtlpPoint | undefined {
  const { labels, tokenType, counts } = histogram;
  const json = JSON.stringify(labels);
  const sizes = counts.map((value, size) => ({ counter: sizeMetric(tokenType, size).prometheus, labels: json, value }));
  const total = {
    counter: `${TOKEN_USAGE} ${tokenType}`,
    labels: json,
    value: totals.get(`${tokenType} ${json}`) ?? 0,
  };
  const before = (one: ExportedCounter) => confirmed?.get(keyOf(one));
  const differences = [...sizes, total].map((one) => one.value - (before(one)?.value ?? 0));
  const count = differences.slice(0, -1).reduce((sum, one) => sum + one, 0);
  const sum = differences.at(-1) ?? 0;
  if (confirmed && count <= 0 && sum <= 0) return undefined;
  const value: Histogram = {
    buckets: { boundaries: [...TOKEN_SIZE_BOUNDS], counts: differences.slice(0, -1) },
    sum,
    count,
  };
  const attributes = { ...toAttributes(labels), 'gen_ai.token.type': tokenType };
  const data: MetricData = {
    descriptor: {
      name: TOKEN_USAGE,
      description: 'Tokens of each response.',
      unit: '{token}',
      valueType: ValueType.INT,
    },
    aggregationTemporality: confirmed ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [{ ...span(before(total)?.atMs ?? measurement.beginningMs, measurement), attributes, value }],
  };
  return { data, counters: [...sizes, total] };
}

/** The sums of input and output, by type and labels. */
function readTotals({ metrics }: Measurement): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { name, prometheus } of TOKEN_METRICS) {
    for (const { labels, value } of metrics.find(({ metric }) => metric.prometheus === prometheus)?.points ?? []) {
      totals.set(`${name} ${JSON.stringify(labels)}`, value);
    }
  }
  return totals;
}

function describe({ otlp, help, unit }: Metric, valueType: ValueType): MetricData['descriptor'] {
  return { name: otlp, description: help, unit, valueType };
}

/** The attributes of labels: those of the conventions for generative AI where there are any. */
function toAttributes({ provider, project, model, source, ...others }: Labels): Attributes {
  const own = Object.entries(others).map(([name, value]) => [`codex_metered.${name}`, value]);
  if (project === undefined || provider === undefined) {
    return { ...(provider !== undefined && { 'codex_metered.agent': provider }), ...Object.fromEntries(own) };
  }
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': GENAI_PROVIDERS[provider] ?? provider,
    'gen_ai.request.model': model,
    'codex_metered.agent': provider,
    'codex_metered.project': project,
    'codex_metered.source': source,
    ...Object.fromEntries(own),
  };
}

function span(startMs: number, { takenAtMs }: Measurement): { startTime: HrTime; endTime: HrTime } {
  return { startTime: toHrTime(startMs), endTime: toHrTime(takenAtMs) };
}

/** Epoch milliseconds as seconds and nanoseconds. */
export function toHrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}
