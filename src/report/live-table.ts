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
  { key: 'state', title: 'State', align: 'left', least: 15 },
  { key: 'project', title: 'Project', align: 'left', least: 12, dropped: 9 },
  { key: 'run', title: 'Run', align: 'left', least: 10, dropped: 5 },
  { key: 'phase', title: 'Phase', align: 'left' },
  { key: 'model', title: 'Model', align: 'left', least: 13, dropped: 8 },
  { key: 'input', title: 'Input', align: 'right', dropped: 7 },
  { key: 'cachedInput', title: 'Cached', align: 'right', dropped: 3 },
  { key: 'output', title: 'Output', align: 'right', dropped: 4 },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'perMinute', title: '$/min', align: 'right', dropped: 2 },
  { key: 'context', title: 'Context', align: 'left', dropped: 6 },
  { key: 'budget', title: 'Budget', align: 'left', dropped: 10 },
  { key: 'source', title: 'Source', align: 'left', dropped: 1 },
  { key: 'time', title: 'Time', align: 'right' },
];

/** A line per invocation below a title, with a line between those that run and those that have ended. */
export function renderLiveTable(invocations: readonly LiveInvocation[], { width, paint, nowMs }: LiveLook): string[] {
  const rows = invocations.map((invocation, index): Row<Key> => {
    const cells = describeLive(invocation, nowMs);
    const before = invocations[index - 1];
    const begins = before !== undefined && isEnded(invocation) !== isEnded(before);
    return { cells: { ...cells }, styles: stylesOf(cells), ruled: begins };
  });
  const columns = COLUMNS.filter(({ key }) => key !== 'budget' || rows.some(({ cells }) => cells.budget));
  return renderTable(columns, rows, { width, paint }).text.split('\n');
}

/** How many lines the table has beside those of the invocations. */
export function countTableFrame(invocations: readonly LiveInvocation[]): number {
  const ended = invocations.filter(isEnded).length;
  return ended > 0 && ended < invocations.length ? 3 : 2;
}

export const LINES_PER_CARD = 3;

/** Three lines per invocation, for a terminal that is too narrow for a table. */
export function renderLiveCards(invocations: readonly LiveInvocation[], { width, paint, nowMs }: LiveLook): string[] {
  return invocations.flatMap((invocation) => {
    const cells = describeLive(invocation, nowMs);
    const none = invocation.figures.responses === 0 ? 'no response' : '';
    const details = [
      none || `${cells.tokens} tokens`,
      cells.context === '-' ? '' : `ctx ${withoutGauge(cells.context)}`,
      withoutGauge(cells.budget),
      cells.perMinute === '-' ? '' : `${cells.perMinute}/min`,
      none ? '' : cells.model,
    ];
    return [
      spread(`${cells.project} ${cells.phase}`, cells.cost, width, (left, right) => {
        return paint('bold', left) + (cells.costStyle ? paint(cells.costStyle, right) : right);
      }),
      spread(`  ${cells.state}`, cells.time, width, (left, right) => {
        return (cells.stateStyle ? paint(cells.stateStyle, left) : left) + right;
      }),
      paint('gray', cutText(`  ${joinParts(details)}`, width)),
    ];
  });
}

/** `left` and `right` at the two ends of a line; `left` is cut off where they meet. */
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
