import type { Connection } from '../store/open.js';
import { countTokenSizes, type TokenSizeRow } from '../store/token-sizes.js';
import type { Labels, Measured, Point } from './hold.js';
import type { Metric } from './names.js';

/** The bounds that the conventions 1.36 to 1.42 recommend for `gen_ai.client.token.usage`. */
export const TOKEN_SIZE_BOUNDS: readonly number[] = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];

const TYPES = ['input', 'output'] as const;
export type TokenType = (typeof TYPES)[number];

/** How many responses there are of each size: one counter for each size, since none may fall. */
export interface SizeMetric extends Metric {
  readonly tokenType: TokenType;
  readonly size: number;
}

/** The histogram whose buckets these counters are. */
export const TOKEN_USAGE = 'gen_ai.client.token.usage';

const METRICS: readonly SizeMetric[] = TYPES.flatMap((tokenType) => {
  return [...TOKEN_SIZE_BOUNDS, Number.POSITIVE_INFINITY].map((_, size): SizeMetric => {
    const name = `codex_metered_token_size_${tokenType}_${size}`;
    return {
      prometheus: name,
      otlp: TOKEN_USAGE,
      type: 'counter',
      unit: '{token}',
      help: '',
      scale: 1,
      tokenType,
      size,
    };
  });
});

/** Reads the sizes of all responses; `labelsOf` gives the labels of a row. */
export function readTokenSizes(
  connection: Connection,
  labelsOf: (row: TokenSizeRow) => Labels,
): (readonly [SizeMetric, Point[]])[] {
  const found = new Map<SizeMetric, Map<string, number>>(METRICS.map((metric) => [metric, new Map()]));
  for (const row of countTokenSizes(connection, TOKEN_SIZE_BOUNDS)) {
    const metric = METRICS.find(({ tokenType, size }) => tokenType === row.type && size === row.size);
    const points = metric && found.get(metric);
    const key = JSON.stringify(labelsOf(row));
    points?.set(key, (points.get(key) ?? 0) + row.responses);
  }
  return [...found].map(([metric, points]) => {
    return [metric, [...points].map(([key, value]) => ({ labels: JSON.parse(key) as Labels, value }))] as const;
  });
}

export function isSize(metric: Metric): metric is SizeMetric {
  return metric.otlp === TOKEN_USAGE;
}

/** A histogram of one combination of labels: how many responses there are of each size. */
export interface TokenHistogram {
  readonly labels: Labels;
  readonly tokenType: TokenType;
  readonly counts: readonly number[];
}

/** Gathers the counters of sizes into histograms. */
export function gatherHistograms(measured: readonly Measured[]): TokenHistogram[] {
  const histograms = new Map<string, { labels: Labels; tokenType: TokenType; counts: number[] }>();
  for (const { metric, points } of measured) {
    if (!isSize(metric)) continue;
    for (const { labels, value } of points) {
      const key = `${metric.tokenType} ${JSON.stringify(labels)}`;
      const none = { labels, tokenType: metric.tokenType, counts: [...TOKEN_SIZE_BOUNDS, 0].map(() => 0) };
      const histogram = histograms.get(key) ?? none;
      histograms.set(key, histogram);
      histogram.counts[metric.size] = value;
    }
  }
  return [...histograms.values()];
}

/** The counter of one size. */
export function sizeMetric(tokenType: TokenType, size: number): SizeMetric {
  return METRICS.find((one) => one.tokenType === tokenType && one.size === size) as SizeMetric;
}
