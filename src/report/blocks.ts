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
import { readWindows, WINDOW_MS, type Window } from './windows.js';

/** Usage in the windows of five hours that subscriptions are limited by. */
export interface BlocksReport extends Summary {
  readonly timeZone: string;
  /** Oldest first, unless asked for otherwise. */
  readonly blocks: readonly Block[];
}

/** What is asked for of the usage in one window: of some days, one project or one model, or all of it. */
export interface Block {
  readonly provider: Provider;
  /** Of the window, as the next one: what is asked for chooses among an account's windows and never moves them. */
  readonly startMs: number;
  readonly endMs: number;
  /** The end of the last quarter of an hour with such usage. */
  readonly lastMs: number;
  /** `part`: the window has usage before or after the days that are asked for, which is left out. */
  readonly extent: 'whole' | 'part';
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
  const range = toMoments({ since, until }, calendar);
  const filter = { provider, projectId, model, ...range };
  const creditsOf = readCredits(connection, query.unit, KEYS, filter, []);
  const cells = readSums(connection, KEYS, filter, []).map((row) => toCell(row, creditsOf(row)));
  if (cells.length === 0) throw explainEmpty(connection, query, { since, until });
  const findWindow = readWindows(connection);
  const all = [...groupBy(cells, (cell) => findWindow(cell.provider, cell.startMs))];
  const newest = all.slice(last === undefined ? 0 : -last);
  const blocks = newest.flatMap(([window, ofWindow]) => describeBlock(window, ofWindow, { ...range, nowMs }) ?? []);
  return {
    timeZone: calendar.timeZone,
    blocks: order === 'desc' ? blocks.reverse() : blocks,
    ...summarise(newest.flatMap(([, ofWindow]) => ofWindow)),
  };
}

interface Surroundings {
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly nowMs: number;
}

function describeBlock(window: Window, cells: readonly Cell[], { fromMs, untilMs, nowMs }: Surroundings) {
  const [first] = cells;
  if (!first) return undefined;
  const { startMs, endMs } = window;
  const isCut = window.firstMs < (fromMs ?? window.firstMs) || window.lastMs >= (untilMs ?? Number.POSITIVE_INFINITY);
  const figures = sumParts(cells);
  const leftMs = endMs - nowMs;
  const isOpen = leftMs > 0 && leftMs <= WINDOW_MS;
  const block: Block = {
    ...{ provider: first.provider, startMs, endMs, figures, models: sumModels(cells) },
    lastMs: Math.max(...cells.map((cell) => cell.startMs)) + QUARTER_MS,
    extent: isCut ? 'part' : 'whole',
    outlook: isOpen ? lookAhead(figures, Math.max(window.firstMs, fromMs ?? 0), leftMs, nowMs) : undefined,
  };
  return block;
}

/** `sinceMs`: since when it was used as `figures` say. */
function lookAhead({ costNanoUsd }: Figures, sinceMs: number, leftMs: number, nowMs: number): Outlook {
  if (costNanoUsd === undefined) return { leftMs, nanoUsdPerHour: undefined, costNanoUsd };
  const nanoUsdPerHour = costNanoUsd / (Math.max(QUARTER_MS, nowMs - sinceMs) / HOUR_MS);
  return { leftMs, nanoUsdPerHour, costNanoUsd: costNanoUsd + nanoUsdPerHour * (leftMs / HOUR_MS) };
}

function toCell(row: KeyedSumRow<(typeof KEYS)[number]>, credits: CreditFigures | undefined): Cell {
  return { ...row, figures: toFigures(row, { models: [row.model], sources: [row.source], evidence: [], credits }) };
}
