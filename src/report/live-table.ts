import { chooseCostFormat, formatCost } from './amounts.js';
import type { LiveInvocation } from './live.js';
import { describeLive, type LiveCells, withoutGauge } from './live-cells.js';
import type { Paint, Style } from './paint.js';
import { type Column, cutText, measureWidth, type Row, renderTable } from './table.js';

export interface LiveLook {
  readonly width: number;
  readonly paint: Paint;
  readonly nowMs: number;
}

type Key = keyof Omit<LiveCells, 'stateStyle' | 'costStyle' | 'contextStyle' | 'budgetStyle' | 'tokens'>;

const COLUMNS: readonly Column<Key>[] = [
  { key: 'state', title: 'State', align: 'left', minWidth: 15 },
  { key: 'project', title: 'Project', align: 'left', minWidth: 12, dropOrder: 6 },
  { key: 'run', title: 'Run', align: 'left', minWidth: 10 },
  { key: 'phase', title: 'Phase', align: 'left' },
  { key: 'model', title: 'Model', align: 'left', minWidth: 13, dropOrder: 5 },
  { key: 'input', title: 'Input', align: 'right', dropOrder: 9 },
  { key: 'cachedInput', title: 'Cached', align: 'right', dropOrder: 3 },
  { key: 'output', title: 'Output', align: 'right', dropOrder: 4 },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'perMinute', title: '$/min', align: 'right', dropOrder: 2 },
  { key: 'context', title: 'Context', align: 'left', dropOrder: 7 },
  { key: 'budget', title: 'Budget', align: 'left', minWidth: 10, narrowest: 10, dropOrder: 8 },
  { key: 'source', title: 'Source', align: 'left', dropOrder: 1 },
  { key: 'time', title: 'Time', align: 'right' },
];

/** Renders a line per invocation below a title, and a rule between those that run and those that have ended. */
export function renderLiveTable(invocations: readonly LiveInvocation[], { width, paint, nowMs }: LiveLook): string[] {
  const cost = chooseCostFormat(Math.max(0, ...invocations.map(({ figures }) => figures.costNanoUsd ?? 0)));
  const rows = invocations.map((invocation, index): Row<Key> => {
    const cells = describeLive(invocation, { nowMs, cost });
    const before = invocations[index - 1];
    const begins = before !== undefined && isEnded(invocation) !== isEnded(before);
    return { cells: { ...cells }, styles: stylesOf(cells), ruled: begins };
  });
  const columns = COLUMNS.filter(({ key }) => key !== 'budget' || rows.some(({ cells }) => cells.budget));
  const { text } = renderTable(columns, rows, { width, paint });
  const isCut = rows.some(({ cells }) => cells.budget && !text.includes(cells.budget));
  if (!isCut) return text.split('\n');
  // An amount that is cut off would read as another one, so a narrow table has the share alone.
  const brief = rows.map((row) => ({
    ...row,
    cells: { ...row.cells, budget: (row.cells.budget ?? '').replace(/ of .*/, '') },
  }));
  return renderTable(columns, brief, { width, paint }).text.split('\n');
}

/** Returns how many lines the table has beside those of the invocations. */
export function countTableFrame(invocations: readonly LiveInvocation[]): number {
  const ended = invocations.filter(isEnded).length;
  return ended > 0 && ended < invocations.length ? 3 : 2;
}

export const LINES_PER_CARD = 3;

/** Renders three lines per invocation, for a terminal that is too narrow for a table. */
export function renderLiveCards(invocations: readonly LiveInvocation[], { width, paint, nowMs }: LiveLook): string[] {
  return invocations.flatMap((invocation) => {
    const cells = describeLive(invocation, { nowMs, cost: formatCost });
    const none = invocation.figures.responses === 0 ? 'no response' : '';
    const details = [
      withoutGauge(cells.budget),
      cells.context === '-' ? '' : `ctx ${withoutGauge(cells.context)}`,
      none || `${cells.tokens} tokens`,
      cells.perMinute === '-' ? '' : `${cells.perMinute}/min`,
      none ? '' : cells.model,
    ];
    return [
      spread(`${cutText(cells.run, Math.max(8, width - 24))} ${cells.phase}`, cells.cost, width, (left, right) => {
        return paint('bold', left) + (cells.costStyle ? paint(cells.costStyle, right) : right);
      }),
      spread(`  ${joinParts([cells.state, cells.project])}`, cells.time, width, (left, right) => {
        return (cells.stateStyle ? paint(cells.stateStyle, left) : left) + right;
      }),
      paint('gray', `  ${joinFitting(details, width - 2)}`),
    ];
  });
}

/** Joins the first parts that fit into `width` cells: what comes later matters less. */
function joinFitting(parts: readonly string[], width: number): string {
  let joined = '';
  for (const part of parts) {
    const longer = joinParts([joined, part]);
    if (measureWidth(longer) <= width) joined = longer;
  }
  return joined;
}

/** Sets two texts at the two ends of a line, and cuts `left` off where they would meet. */
export function spread(
  left: string,
  right: string,
  width: number,
  join: (left: string, right: string) => string,
): string {
  const room = Math.max(1, width - measureWidth(right) - 1);
  const cut = cutText(left, room);
  return join(cut, ' '.repeat(Math.max(1, width - measureWidth(cut) - measureWidth(right))) + right);
}

export function joinParts(parts: readonly string[]): string {
  return parts.filter(Boolean).join(' · ');
}

export function isEnded({ state }: LiveInvocation): boolean {
  return state === 'ended';
}

function stylesOf(cells: LiveCells): Partial<Record<Key, Style>> {
  const { stateStyle, costStyle, contextStyle, budgetStyle } = cells;
  return {
    ...(stateStyle && { state: stateStyle }),
    ...(costStyle && { cost: costStyle }),
    ...(contextStyle && { context: contextStyle }),
    ...(budgetStyle && { budget: budgetStyle }),
  };
}
