import { readCostSince } from '../store/activity.js';
import type { Connection } from '../store/open.js';
import { readSums } from '../store/period-queries.js';
import { type Figures, sumFigures, toFigures } from './figures.js';

/** How much is spent. */
export interface Spending {
  /** Of the reader's day. */
  readonly today: Figures;
  /** What the last ten minutes cost, as a rate. */
  readonly perHourNanoUsd: number;
}

export interface SpendingQuery {
  readonly projectId: string | undefined;
  readonly nowMs: number;
  readonly startOfTodayMs: number;
}

const RATE_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;

export function readSpending(connection: Connection, { projectId, nowMs, startOfTodayMs }: SpendingQuery): Spending {
  const today = readSums(connection, ['model', 'source'], { projectId, fromMs: startOfTodayMs }, []);
  return {
    today: sumFigures(today.map((row) => toFigures(row, { models: [row.model], sources: [row.source], evidence: [] }))),
    perHourNanoUsd: readCostSince(connection, nowMs - RATE_MS, projectId) * (HOUR_MS / RATE_MS),
  };
}
