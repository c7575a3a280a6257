import type { Usage } from './usage.js';

/** Responses that have all but turns, ids, times and counts in common with the one before, counted and written as they lie in a pack. */
export interface Series {
  /** JSON lists, each with a comma before it. */
  readonly rows: Uint8Array;
  readonly sums: readonly SeriesSum[];
  readonly turns: SeriesTurns;
}

/** What responses of one kind come to in a quarter of an hour. */
export interface SeriesSum extends Usage {
  readonly startMs: number;
  readonly responses: number;
  readonly unpricedResponses: number;
  /** Of those that have a price; null when none has. */
  readonly costNanoUsd: number | null;
  /** When the first and the last of them were completed. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Turns that stand behind those of before, each with the one that it goes back to. */
export interface SeriesTurns {
  readonly count: number;
  /** JSON lists of two ids, with commas between them. */
  readonly json: string;
}

/** Where things stand in the lists of a pack. */
export interface Places {
  /** Of the newest response. */
  readonly kind: number;
  readonly turn: number;
  /** How many turns there are. */
  readonly turns: number;
}
