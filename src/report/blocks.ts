import type { Connection } from '../store/open.js';
import { listUsedQuarters, readSpan, readSums } from '../store/period-queries.js';
import type { Provider } from '../usage/provider.js';
import type { Calendar } from './calendar.js';
import { readCredits } from './credits.js';
import {
  type Figures,
  figuresOfModel,
  type ModelFigures,
  type ModelSum,
  type Summary,
  sumModels,
  summarise,
  sumParts,
} from './figures.js';
import { groupBy } from './groups.js';
import { explainEmpty, nothingRecorded, toMoments } from './period-range.js';
import type { PeriodQuery } from './period-report.js';

/** Usage in the windows of five hours that subscriptions are limited by. */
export interface BlocksReport extends Summary {
  readonly timeZone: string;
  /** Oldest first, unless asked for otherwise. */
  readonly blocks: readonly Block[];
}

/** The usage within one window, as far as the report asks for it: of some days, one project or one model, or all of it. */
export interface Block {
  readonly provider: Provider;
  /** The window's own bounds: what the report is limited to chooses among an account's windows and never moves them. */
  readonly startMs: number;
  readonly endMs: number;
  /** The end of the last quarter of an hour with such usage. */
  readonly lastMs: number;
  /** `part`: usage of the window before or after the days of the report is left out. */
  readonly extent: 'whole' | 'part';
  readonly figures: Figures;
  readonly models: readonly ModelSum[];
  readonly outlook: Outlook | undefined;
}

/** What an open window costs at its end if it goes on as it began. Costs are undefined where nothing has a price. */
export interface Outlook {
  readonly leftMs: number;
  readonly nanoUsdPerHour: number | undefined;
  readonly costNanoUsd: number | undefined;
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;
const WINDOW_MS = 5 * HOUR_MS;
const KEYS = ['startMs', 'provider', 'model', 'source'] as const;

export type BlocksQuery = Omit<PeriodQuery, 'kind'>;

interface Cell extends ModelFigures {
  readonly startMs: number;
  readonly provider: Provider;
}

/** Reads the windows of `query`; `last` is how many. Call it within a snapshot. Throws a ReportError and a StoreError. */
export function readBlocks(connection: Connection, query: BlocksQuery, calendar: Calendar): BlocksReport {
  const { provider, projectId, model, tags, last, order, nowMs } = query;
  if (!readSpan(connection)) throw nothingRecorded();
  const range = toMoments(query, calendar);
  const filter = { provider, projectId, model, tags, ...range };
  const creditsOf = readCredits(connection, query.unit, KEYS, filter, []);
  const cells = readSums(connection, KEYS, filter, []).map(
    (row): Cell => ({ ...row, figures: figuresOfModel(row, creditsOf(row)) }),
  );
  if (cells.length === 0) throw explainEmpty(connection, query, query);
  const findWindow = readWindows(connection);
  const all = [...groupBy(cells, (cell) => findWindow(cell.provider, cell.startMs))];
  const newest = all.slice(last === undefined ? 0 : -last);
  const blocks = newest.flatMap(([window, ofWindow]) => describeBlock(window, ofWindow, range, nowMs) ?? []);
  return {
    timeZone: calendar.timeZone,
    blocks: order === 'desc' ? blocks.reverse() : blocks,
    ...summarise(newest.flatMap(([, ofWindow]) => ofWindow)),
  };
}

function describeBlock(window: Window, cells: readonly Cell[], span: ReturnType<typeof toMoments>, nowMs: number) {
  const { fromMs, untilMs } = span;
  const [first] = cells;
  if (!first) return undefined;
  const { startMs, endMs } = window;
  const isCut = window.firstMs < (fromMs ?? window.firstMs) || window.lastMs >= (untilMs ?? Number.POSITIVE_INFINITY);
  const figures = sumParts(cells);
  const leftMs = endMs - nowMs;
  const isOpen = leftMs > 0 && leftMs <= WINDOW_MS;
  return {
    ...{ provider: first.provider, startMs, endMs, figures, models: sumModels(cells) },
    lastMs: Math.max(...cells.map((cell) => cell.startMs)) + QUARTER_MS,
    extent: isCut ? 'part' : 'whole',
    outlook: isOpen ? lookAhead(figures, Math.max(window.firstMs, fromMs ?? 0), leftMs, nowMs) : undefined,
  } satisfies Block;
}

/** `sinceMs` is the beginning of the time in which the figures were used. */
function lookAhead({ costNanoUsd }: Figures, sinceMs: number, leftMs: number, nowMs: number): Outlook {
  if (costNanoUsd === undefined) return { leftMs, nanoUsdPerHour: undefined, costNanoUsd };
  const nanoUsdPerHour = costNanoUsd / (Math.max(QUARTER_MS, nowMs - sinceMs) / HOUR_MS);
  return { leftMs, nanoUsdPerHour, costNanoUsd: costNanoUsd + nanoUsdPerHour * (leftMs / HOUR_MS) };
}

/**
 * A window of five hours in which an account's usage is limited. It begins at the full hour of the first usage after the
 * end of the window before. Each provider has its own.
 */
interface Window {
  readonly startMs: number;
  readonly endMs: number;
  /** When the quarters of an hour with the account's first and last usage in it begin. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Divides all recorded usage into windows, and returns what finds that of a quarter of an hour with usage. An account has one series of them, whatever it was used for, so that a report
 * on some days, one project or one model needs the windows of all usage.
 */
function readWindows(connection: Connection): (provider: Provider, quarterMs: number) => Window {
  const byQuarter = new Map<string, Window>();
  let open: { readonly window: Mutable; readonly provider: Provider } | undefined;
  for (const { provider, startMs } of listUsedQuarters(connection)) {
    if (open?.provider !== provider || startMs >= open.window.endMs) open = { provider, window: begin(startMs) };
    open.window.lastMs = startMs;
    byQuarter.set(`${provider} ${startMs}`, open.window);
  }
  return (provider, quarterMs) => byQuarter.get(`${provider} ${quarterMs}`) ?? begin(quarterMs);
}

type Mutable = { -readonly [Key in keyof Window]: Window[Key] };

function begin(firstMs: number): Mutable {
  const startMs = Math.floor(firstMs / HOUR_MS) * HOUR_MS;
  return { startMs, endMs: startMs + WINDOW_MS, firstMs, lastMs: firstMs };
}
