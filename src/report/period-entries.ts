import type { Phase } from '../usage/phase.js';
import type { Provider } from '../usage/provider.js';
import { type Day, formatDay, startOfWeek } from './calendar.js';
import { type Figures, type ModelFigures, sumParts, totalTokens } from './figures.js';
import { groupBy } from './groups.js';
import { KINDS, type KindFacts, type PeriodKind } from './period-range.js';
import type { ModelSum, PeriodEntry, PeriodQuery } from './period-report.js';

/** The figures of one day, one model and one source. */
export interface Cell extends ModelFigures {
  readonly day: Day;
  readonly provider: Provider;
  readonly projectId?: string;
  readonly phase?: Phase;
  readonly tag?: string | null;
}

/** A day with the sums of its cells. */
interface DayOfCells {
  readonly day: Day;
  readonly cells: readonly Cell[];
  readonly figures: Figures;
}

/** Lists the entries of a report by day, week or month in order of time, from sums of whole days. */
export function listPeriods(days: readonly DayOfCells[], { kind, firstWeekday, order }: PeriodQuery): PeriodEntry[] {
  const entries = [...groupBy(days, ({ day }) => nameOfPeriod(day, kind, firstWeekday))].map(([key, ofKey]) => {
    return toEntry(
      key,
      ofKey,
      ofKey.flatMap(({ cells }) => cells),
    );
  });
  return order === 'desc' ? entries.reverse() : entries;
}

/** Lists the entries of a report that is not over time, the dearest first. */
export function listOthers(
  cells: readonly Cell[],
  { kind, order }: PeriodQuery,
  invocations: ReadonlyMap<string, number> | undefined,
): PeriodEntry[] {
  const { cell: name = 'model' }: KindFacts = KINDS[kind];
  const entries = [...groupBy(cells, (cell) => cell[name] ?? '')].map(([key, ofKey]) => {
    return { ...toEntry(key, ofKey, ofKey), invocations: invocations?.get(key) };
  });
  entries.sort(dearestFirst);
  return order === 'asc' ? entries.reverse() : entries;
}

function toEntry(key: string, parts: readonly Pick<Cell, 'day' | 'figures'>[], cells: readonly Cell[]): PeriodEntry {
  const days = parts.map(({ day }) => day);
  return {
    key,
    firstDay: Math.min(...days),
    lastDay: Math.max(...days),
    activeDays: new Set(days).size,
    invocations: undefined,
    figures: sumParts(parts),
    models: sumModels(cells),
  };
}

function nameOfPeriod(day: Day, kind: PeriodKind, firstWeekday: number): string {
  if (kind === 'weekly') return formatDay(startOfWeek(day, firstWeekday));
  return kind === 'monthly' ? formatDay(day).slice(0, 'YYYY-MM'.length) : formatDay(day);
}

/** Sums up each model, the dearest first. */
export function sumModels(cells: readonly ModelSum[]): ModelSum[] {
  const groups = groupBy(cells, ({ provider, model }) => `${provider} ${model}`);
  const sums = [...groups.values()].flatMap((ofModel) => {
    const [first] = ofModel;
    return first ? [{ model: first.model, provider: first.provider, figures: sumParts(ofModel) }] : [];
  });
  return sums.sort(dearestFirst);
}

function dearestFirst(a: { readonly figures: Figures }, b: { readonly figures: Figures }): number {
  const costs = (b.figures.costNanoUsd ?? -1) - (a.figures.costNanoUsd ?? -1);
  return costs || totalTokens(b.figures) - totalTokens(a.figures);
}
