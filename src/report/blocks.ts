import type { Connection } from '../store/open.js';
import { type KeyedSumRow, readSpan, readSums } from '../store/period-queries.js';
import type { Provider } from '../usage/provider.js';
import type { Calendar } from './calendar.js';
import { type CreditFigures, readCredits } from './credits.js';
import { type Figures, toFigures } from './figures.js';
import { groupBy } from './groups.js';
import { sumModels } from './period-entries.js';
import { explainEmpty, nothingRecorded } from './period-failure.js';
import { toMoments } from './period-range.js';
import type { ModelSum, PeriodQuery } from './period-report.js';
import { type Part, type Summary, summarise, sumParts } from './summary.js';

/** Usage in the windows of five hours that subscriptions are limited by. */
export interface BlocksReport extends Summary {
  readonly timeZone: string;
  /** Oldest first, unless asked for otherwise. */
  readonly blocks: readonly Block[];
}

/**
 * A window begins with the first usage after the end of the one before, at the full hour, and lasts five hours. Each
 * provider has its own.
 */
export interface Block {
  readonly provider: Provider;
  readonly startMs: number;
  readonly endMs: number;
  /** The end of the last quarter of an hour with usage. */
  readonly lastMs: number;
  readonly figures: Figures;
  readonly models: readonly ModelSum[];
  /** Of the window that is open now. */
  readonly outlook: Outlook | undefined;
}

/** How an open window goes on when it goes on as it began. Costs are undefined where nothing has a price. */
export interface Outlook {
  readonly leftMs: number;
  readonly nanoUsdPerHour: number | undefined;
  readonly costNanoUsd: number | undefined;
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;
const BLOCK_MS = 5 * HOUR_MS;
const KEYS = ['startMs', 'provider', 'model', 'source'] as const;

export type BlocksQuery = Omit<PeriodQuery, 'kind'>;

interface Cell extends Part {
  readonly startMs: number;
  readonly provider: Provider;
}

/**
 * Reads the windows that `query` asks for; `last` is how many. Call it within a snapshot. Throws a ReportError when
 * there is nothing to show, and a StoreError.
 */
export function readBlocks(connection: Connection, query: BlocksQuery, calendar: Calendar): BlocksReport {
  const { since, until, provider, projectId, model, last, order, nowMs } = query;
  if (!readSpan(connection)) throw nothingRecorded();
  const filter = { provider, projectId, model, ...toMoments({ since, until }, calendar) };
  const creditsOf = readCredits(connection, query.unit, KEYS, filter, []);
  const cells = readSums(connection, KEYS, filter, []).map((row) => toCell(row, creditsOf(row)));
  if (cells.length === 0) throw explainEmpty(connection, query, { since, until });
  const all = [...groupBy(cells, (cell) => cell.provider).values()].flatMap((ofProvider) => divide(ofProvider));
  const newest = all.sort((a, b) => (a[0]?.startMs ?? 0) - (b[0]?.startMs ?? 0)).slice(last === undefined ? 0 : -last);
  const blocks = newest.flatMap((ofBlock) => describeBlock(ofBlock, nowMs) ?? []);
  return {
    timeZone: calendar.timeZone,
    blocks: order === 'desc' ? blocks.reverse() : blocks,
    ...summarise(newest.flat()),
  };
}

/** The usage of one provider, in order of time, window by window. */
function divide(cells: readonly Cell[]): Cell[][] {
  const blocks: Cell[][] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  for (const cell of cells) {
    if (cell.startMs >= endMs) {
      blocks.push([]);
      endMs = startOfBlock(cell) + BLOCK_MS;
    }
    blocks.at(-1)?.push(cell);
  }
  return blocks;
}

function describeBlock(cells: readonly Cell[], nowMs: number): Block | undefined {
  const [first] = cells;
  if (!first) return undefined;
  const startMs = startOfBlock(first);
  const endMs = startMs + BLOCK_MS;
  const figures = sumParts(cells);
  const leftMs = endMs - nowMs;
  return {
    provider: first.provider,
    startMs,
    endMs,
    lastMs: Math.max(...cells.map((cell) => cell.startMs)) + QUARTER_MS,
    figures,
    models: sumModels(cells),
    outlook: leftMs > 0 && leftMs <= BLOCK_MS ? lookAhead(figures, first.startMs, leftMs, nowMs) : undefined,
  };
}

function lookAhead({ costNanoUsd }: Figures, firstMs: number, leftMs: number, nowMs: number): Outlook {
  if (costNanoUsd === undefined) return { leftMs, nanoUsdPerHour: undefined, costNanoUsd };
  const nanoUsdPerHour = costNanoUsd / (Math.max(QUARTER_MS, nowMs - firstMs) / HOUR_MS);
  return { leftMs, nanoUsdPerHour, costNanoUsd: costNanoUsd + nanoUsdPerHour * (leftMs / HOUR_MS) };
}

function startOfBlock({ startMs }: Cell): number {
  return Math.floor(startMs / HOUR_MS) * HOUR_MS;
}

function toCell(row: KeyedSumRow<(typeof KEYS)[number]>, credits: CreditFigures | undefined): Cell {
  return { ...row, figures: toFigures(row, { models: [row.model], sources: [row.source], evidence: [], credits }) };
}
