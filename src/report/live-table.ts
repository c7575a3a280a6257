import {
  type CostFormat,
  chooseCostFormat,
  cleanText,
  formatCents,
  formatCost,
  formatDuration,
  formatModels,
  formatRounded,
} from './amounts.js';
import { drawGauge, withoutGauge } from './charts.js';
import { describeFigures, styleCost } from './figures-text.js';
import { costPerMinute, type LiveInvocation, type LiveState, measureAgeMs } from './live.js';
import { describeOutcome, STATUS_STYLES } from './outcome.js';
import type { Style } from './paint.js';
import { type Column, cutText, measureWidth, type Row, renderTable, type TableOptions } from './table.js';

export interface LiveLook extends TableOptions {
  readonly nowMs: number;
}

const COLUMNS = [
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
] as const satisfies readonly Column<string>[];
type Key = (typeof COLUMNS)[number]['key'];

/** Renders a line per invocation below a title, and a rule between those that run and those that have ended. */
export function renderLiveTable(invocations: readonly LiveInvocation[], { width, paint, nowMs }: LiveLook): string[] {
  const cost = chooseCostFormat(invocations.map(({ figures }) => figures.costNanoUsd));
  const rows = invocations.map((invocation, index): Row<Key> => {
    const before = invocations[index - 1];
    const begins = before !== undefined && isEnded(invocation) !== isEnded(before);
    return { ...describeLive(invocation, { nowMs, cost }), ruled: begins };
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
    const { cells, styles } = describeLive(invocation, { nowMs, cost: formatCost });
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
        return paint('bold', left) + (styles.cost ? paint(styles.cost, right) : right);
      }),
      spread(`  ${joinParts([cells.state, cells.project])}`, cells.time, width, (left, right) => {
        return (styles.state ? paint(styles.state, left) : left) + right;
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

interface StyledText {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** An invocation as a live view writes it: cells, and the styles of those that have one. */
export function describeLive(
  invocation: LiveInvocation,
  { nowMs, cost }: Pick<LiveLook, 'nowMs'> & { readonly cost: CostFormat },
) {
  const { row, state, figures } = invocation;
  const [context, budget, perMinute] = [
    describeContext(invocation),
    describeBudget(invocation),
    costPerMinute(invocation, nowMs),
  ];
  const cells = {
    ...describeFigures(figures, { count: formatRounded, cost }),
    state: state === 'ended' ? describeOutcome(row) : STATES[state].words,
    project: cleanText(row.projectId),
    run: cleanText(row.runId),
    /** `builder 3` */
    phase: `${row.phase} ${row.iteration}`,
    model: formatModels(row.modelsByCost),
    perMinute: perMinute === undefined ? '-' : formatCents(perMinute),
    context: context.text,
    budget: budget.text,
    /** How long it has run, or how long ago it ended. */
    time: describeTime(invocation, nowMs),
  };
  const stateStyle = state === 'ended' ? STATUS_STYLES[row.status] : STATES[state].style;
  const styles = { state: stateStyle, cost: styleCost(figures), context: context.style, budget: budget.style };
  return { cells, styles };
}

const GAUGE_WIDTH = 5;
const STATES: Readonly<Record<Exclude<LiveState, 'ended'>, { readonly words: string; readonly style: Style }>> = {
  running: { words: 'running', style: 'green' },
  unmetered: { words: 'unmetered', style: 'yellow' },
  pending: { words: 'kept aside', style: 'yellow' },
  killed: { words: 'killed', style: 'red' },
};

/** Codex compacts the context when little of it is left. */
const NEARLY_FULL = 0.8;

function describeContext({ row }: LiveInvocation): StyledText {
  const { contextTokens, contextWindowTokens } = row;
  if (contextTokens === null) return { text: '-' };
  if (!contextWindowTokens) return { text: formatRounded(contextTokens) };
  const share = contextTokens / contextWindowTokens;
  const text = `${drawGauge(share, GAUGE_WIDTH)} ${`${Math.round(share * 100)}%`.padStart(3)}`;
  return { text, style: share >= NEARLY_FULL ? 'yellow' : undefined };
}

/** `███░░ 61% of $5.00 a run` */
function describeBudget({ budget }: LiveInvocation): StyledText {
  if (!budget) return { text: '' };
  const { limit, amount } = budget;
  const share = amount / limit.amount;
  const whole = limit.unit === 'usd' ? formatCents(limit.amount) : formatRounded(limit.amount);
  const scope = limit.scope === 'invocation' ? '' : ` a ${limit.scope}`;
  const text = `${drawGauge(share, GAUGE_WIDTH)} ${`${Math.floor(share * 100)}%`.padStart(3)} of ${whole}${scope}`;
  return { text, style: share >= 1 ? 'red' : share >= NEARLY_FULL ? 'yellow' : undefined };
}

function describeTime({ row, state }: LiveInvocation, nowMs: number): string {
  if (state !== 'ended') {
    const ageMs = measureAgeMs(row, nowMs);
    return ageMs < 60_000 ? formatAge(ageMs) : formatDuration(ageMs);
  }
  return row.endedAtMs === null ? '-' : `${formatAge(nowMs - row.endedAtMs)} ago`;
}

/** `12s`, `4m`, `3h`, `2d`: only the larger unit, which changes seldom. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
