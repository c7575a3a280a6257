/** How numbers are spread. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** The first and the third quartile; undefined for fewer than FEWEST numbers, which carry none. */
  readonly quartiles: readonly [number, number] | undefined;
}

/** Fewer numbers than this have no quartiles, and no difference of theirs is judged. */
export const FEWEST = 5;

/** Describes `numbers`; undefined where there are none. */
export function describeDistribution(numbers: readonly number[]): Distribution | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  const quartiles = [quantile(sorted, 0.25), quantile(sorted, 0.75)] as const;
  const count = sorted.length;
  return { count, min, median: quantile(sorted, 0.5), max, quartiles: count < FEWEST ? undefined : quartiles };
}

/**
 * Whether the medians of two distributions differ by more than the wider of their middle halves (from the first quartile to
 * the third), by less, or not at all. `too few`: one of them has fewer than FEWEST numbers.
 */
export type Verdict = 'too few' | 'beyond the spread' | 'within the spread' | 'the same';

export function judgeDifference(a: Distribution, b: Distribution): Verdict {
  if (!a.quartiles || !b.quartiles) return 'too few';
  if (a.median === b.median) return 'the same';
  const spread = Math.max(spreadOf(a), spreadOf(b));
  return Math.abs(b.median - a.median) > spread ? 'beyond the spread' : 'within the spread';
}

/** How far apart the quartiles are; 0 where there are none. */
export function spreadOf({ quartiles }: Distribution): number {
  return quartiles ? quartiles[1] - quartiles[0] : 0;
}

/** The number below which the part `share` of `sorted` is, between two of them where it falls between. `sorted` is not empty. */
function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const [low = 0, high = low] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return low + (high - low) * (position - Math.floor(position));
}
