import { type CostFormat, cleanText, formatCents, formatDuration, formatModels, formatRounded } from './amounts.js';
import { describeFigures, type FiguresText, isUnpriced } from './figures-text.js';
import { costPerMinute, type LiveInvocation, type LiveState, measureAgeMs } from './live.js';
import { describeOutcome } from './outcome.js';
import type { Style } from './paint.js';

/** An invocation as a live view writes it. */
export interface LiveCells
  extends Pick<FiguresText, 'input' | 'cachedInput' | 'output' | 'tokens' | 'cost' | 'source'> {
  readonly state: string;
  readonly stateStyle: Style | undefined;
  readonly project: string;
  readonly run: string;
  /** `builder 3` */
  readonly phase: string;
  readonly model: string;
  readonly costStyle: Style | undefined;
  readonly perMinute: string;
  readonly context: string;
  readonly contextStyle: Style | undefined;
  readonly budget: string;
  readonly budgetStyle: Style | undefined;
  /** How long it has run, or how long ago it ended. */
  readonly time: string;
}

export interface LiveFormats {
  readonly nowMs: number;
  readonly cost: CostFormat;
}

export function describeLive(invocation: LiveInvocation, { nowMs, cost }: LiveFormats): LiveCells {
  const { row, state, figures } = invocation;
  const { source, ...amounts } = describeFigures(figures, { count: formatRounded, cost });
  const perMinute = costPerMinute(invocation, nowMs);
  return {
    ...{ ...amounts, source },
    state: state === 'ended' ? describeOutcome(row) : STATE_WORDS[state],
    stateStyle: STATE_STYLES[state === 'ended' ? row.status : state],
    project: cleanText(row.projectId),
    run: cleanText(row.runId),
    phase: `${row.phase} ${row.iteration}`,
    model: formatModels(row.modelsByCost),
    costStyle: isUnpriced(figures) ? 'yellow' : undefined,
    perMinute: perMinute === undefined ? '-' : formatCents(perMinute),
    ...describeContext(invocation),
    ...describeBudget(invocation),
    time: describeTime(invocation, nowMs),
  };
}

/** Draws `share` as full blocks and the rest as light ones. What is more than nothing has one block at least. */
export function drawGauge(share: number, width: number): string {
  const full = share <= 0 ? 0 : Math.min(width, Math.max(1, Math.round(share * width)));
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** Returns a cell without the gauge that it begins with. */
export function withoutGauge(cell: string): string {
  return cell.replace(/^[█░]+ +/, '');
}

const GAUGE_WIDTH = 5;
const STATE_WORDS: Readonly<Record<Exclude<LiveState, 'ended'>, string>> = {
  running: 'running',
  unmetered: 'unmetered',
  pending: 'kept aside',
  killed: 'killed',
};

/** Codex compacts the context when little of it is left. */
const NEARLY_FULL = 0.8;

const STATE_STYLES: Readonly<Partial<Record<LiveState | LiveInvocation['row']['status'], Style>>> = {
  running: 'green',
  unmetered: 'yellow',
  pending: 'yellow',
  killed: 'red',
  failed: 'red',
  interrupted: 'yellow',
  abandoned: 'yellow',
  'over budget': 'yellow',
};

function describeContext({ row }: LiveInvocation): Pick<LiveCells, 'context' | 'contextStyle'> {
  const { contextTokens, contextWindowTokens } = row;
  if (contextTokens === null) return { context: '-', contextStyle: undefined };
  if (!contextWindowTokens) return { context: formatRounded(contextTokens), contextStyle: undefined };
  const share = contextTokens / contextWindowTokens;
  return {
    context: `${drawGauge(share, GAUGE_WIDTH)} ${`${Math.round(share * 100)}%`.padStart(3)}`,
    contextStyle: share >= NEARLY_FULL ? 'yellow' : undefined,
  };
}

/** `███░░ 61% of $5.00 a run` */
function describeBudget({ budget }: LiveInvocation): Pick<LiveCells, 'budget' | 'budgetStyle'> {
  if (!budget) return { budget: '', budgetStyle: undefined };
  const { limit, amount } = budget;
  const share = amount / limit.amount;
  const whole = limit.unit === 'usd' ? formatCents(limit.amount) : formatRounded(limit.amount);
  const scope = limit.scope === 'invocation' ? '' : ` a ${limit.scope}`;
  return {
    budget: `${drawGauge(share, GAUGE_WIDTH)} ${`${Math.floor(share * 100)}%`.padStart(3)} of ${whole}${scope}`,
    budgetStyle: share >= 1 ? 'red' : share >= NEARLY_FULL ? 'yellow' : undefined,
  };
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
