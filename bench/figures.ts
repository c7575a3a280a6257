/** The times of one thing that is measured, a round each. */
export interface Column {
  readonly name: string;
  readonly samplesMs: readonly number[];
}

/** What is compared, round by round: the machine's noise of the moment is in both sides of a quotient. */
export interface Ratio {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly aim?: Aim;
}

export interface Aim {
  readonly bound: 'at most' | 'at least';
  readonly value: number;
}

/** One thing counted rather than compared. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'kB' | 'B' | 'ms' | 'µs' | 'rows' | 'rows/s';
  readonly aim?: Aim;
}

export interface Section {
  readonly name: string;
  readonly about: string;
  readonly rounds: number;
  readonly columns: readonly Column[];
  readonly ratios: readonly Ratio[];
  readonly figures: readonly Figure[];
}

/** Sums up the quotients of all rounds. */
export function summariseRatios(name: string, quotients: readonly number[], aim?: Aim): Ratio {
  const summary = { name, median: medianOf(quotients), min: Math.min(...quotients), max: Math.max(...quotients) };
  return aim ? { ...summary, aim } : summary;
}

/** The smallest value that `share` of all do not exceed. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
