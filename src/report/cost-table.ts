import type { ResponseRow } from '../store/queries.js';
import { COUNTERS } from '../usage/counters.js';
import { chooseCostFormat, cleanText, formatCount, formatDuration, formatModels, formatPlural } from './amounts.js';
import type { Clock } from './calendar.js';
import type { CostReport, InvocationReport, InvocationSums, ThreadReport } from './cost-report.js';
import { figuresOfResponse, sumParts, totalTokens, unitOf } from './figures.js';
import {
  counterColumns,
  describeFigures,
  EVIDENCE_WORDS,
  isUnused,
  layOutBranches,
  type NumberFormats,
  styleCost,
} from './figures-text.js';
import {
  describeCompleted,
  describeDuration,
  describeOutcome,
  type OutcomeExtent,
  STATUS_STYLES,
  sumDurationsMs,
} from './outcome.js';
import type { Style } from './paint.js';
import { alignDecimals, type Column, type Row } from './table.js';

/** `compact`: only what names an invocation, its cost, and what went in and out. */
export type TableExtent = 'full' | 'compact';

const COLUMNS = [
  { key: 'started', title: 'Started', align: 'left', dropOrder: 1, omitted: 'silently' },
  { key: 'run', title: 'Run', align: 'left', dropOrder: 8, minWidth: 20 },
  { key: 'iteration', title: 'Iter', align: 'right' },
  { key: 'phase', title: 'Phase', align: 'left' },
  { key: 'model', title: 'Model', align: 'left', dropOrder: 7, minWidth: 15, drop: 'reluctantly' },
  ...counterColumns({
    input: { dropOrder: 10, drop: 'reluctantly' },
    cachedInput: { dropOrder: 6, drop: 'reluctantly' },
    cacheWrite: { dropOrder: 3, omitted: 'easily' },
    output: { dropOrder: 9, drop: 'reluctantly' },
    reasoning: { dropOrder: 2, omitted: 'easily' },
  }),
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  { key: 'source', title: 'Source', align: 'left', dropOrder: 4, omitted: 'easily' },
  { key: 'duration', title: 'Duration', align: 'right', dropOrder: 5, omitted: 'easily' },
  { key: 'outcome', title: 'Outcome', align: 'left', minWidth: 21 },
] as const satisfies readonly Column<string>[];
type CostKey = (typeof COLUMNS)[number]['key'];
const LEFT_OUT_IN_COMPACT: readonly CostKey[] = [
  ...(['started', 'source', 'duration'] as const),
  ...COUNTERS.flatMap(({ name, within }) => (within === undefined ? [] : name)),
];

/** Returns the columns of a table of `report`: the run where there are several, cache writes where there are any. */
export function chooseCostColumns(report: CostReport, extent: TableExtent): Column<CostKey>[] {
  const runs = new Set(report.invocations.map(({ invocation }) => invocation.runId));
  return COLUMNS.filter(({ key }) => {
    if (key === 'iteration') return report.invocations.length > 0;
    if (key === 'run') return runs.size > 1;
    if (key === 'credits') return report.totals.credits !== undefined;
    if (isUnused(key, report.totals)) return false;
    return extent === 'full' || !LEFT_OUT_IN_COMPACT.includes(key);
  });
}

/** In which order invocations and iterations stand: `time` and `iteration` ascending, the others the largest first. */
export const COST_SORTS = ['time', 'iteration', 'cost', 'tokens', 'duration'] as const;
export type CostSort = (typeof COST_SORTS)[number];

export interface CostTableOptions {
  readonly clock: Clock;
  readonly nowMs: number;
  readonly extent: TableExtent;
  readonly sort?: CostSort | undefined;
  /** How many invocations, and iterations, have a row of their own; the others share one. */
  readonly top?: number | undefined;
}

/** How the cells are worded: a narrow table has rounded counts and brief outcomes. */
export interface CostWording extends Pick<NumberFormats, 'count'> {
  readonly outcome: OutcomeExtent;
}

/**
 * Lays out the rows of `report`: one per invocation, with its responses or its models below it; then the iterations and
 * the phases where they sum up several invocations, and the total.
 */
export function layOutCostRows(
  report: CostReport,
  options: CostTableOptions,
  wording: CostWording = { count: formatCount, outcome: 'full' },
): readonly Row<CostKey>[] {
  // The rows of a run are small sums, which cents would round to nothing.
  const cost = chooseCostFormat([report.totals.costNanoUsd], Number.POSITIVE_INFINITY);
  return alignDecimals(new CostRows(options, { ...wording, cost }).layOut(report), 'cost', 'credits');
}

class CostRows {
  constructor(
    readonly options: CostTableOptions,
    readonly formats: CostWording & NumberFormats,
  ) {}

  layOut({ invocations, iterations, phases, unmetered, totals }: CostReport): Row<CostKey>[] {
    const rounds = iterations.length > 1 && iterations.length < invocations.length ? iterations : [];
    const total = this.#sum('total', { invocations, figures: totals });
    const each = invocations.map((one) => ({ invocations: [one], figures: one.figures }));
    return [
      ...this.#top(each, ({ invocations: [one] }) => (one ? this.#invocation(one) : [])),
      ...unmetered.flatMap((one) => this.#thread(one)),
      ...rule(
        this.#top(rounds, (round) => [{ cells: { ...this.#sum('all', round), iteration: String(round.iteration) } }]),
      ),
      ...rule(phases.length > 1 ? phases.map((phase) => ({ cells: this.#sum(phase.phase, phase) })) : []),
      { cells: total, style: 'bold', ruled: true },
    ];
  }

  /** The rows of `items` in the order that is asked for, and one row that sums up those beyond the first `top`. */
  #top<Item extends InvocationSums>(items: readonly Item[], rowsOf: (item: Item) => Row<CostKey>[]): Row<CostKey>[] {
    const { sort = 'time', top = items.length, nowMs } = this.options;
    const sorted = sort === 'time' ? items : [...items].sort(compareBy(sort, nowMs));
    const rest = sorted.slice(top);
    const rows = sorted.slice(0, top).flatMap(rowsOf);
    if (rest.length === 0) return rows;
    const others = { figures: sumParts(rest), invocations: rest.flatMap((item) => item.invocations) };
    return [...rows, { cells: { ...this.#sum('others', others), iteration: '…' }, style: 'gray' }];
  }

  #invocation(report: InvocationReport): Row<CostKey>[] {
    const { invocation } = report;
    const cells = {
      run: cleanText(invocation.runId),
      iteration: String(invocation.iteration),
      phase: invocation.phase,
      duration: describeDuration([invocation], this.options.nowMs),
      outcome: describeOutcome(invocation, this.formats.outcome),
    };
    return this.#report(report, invocation, { cells, outcomeStyle: STATUS_STYLES[invocation.status] });
  }

  #thread(report: ThreadReport): Row<CostKey>[] {
    const { thread } = report;
    const duration = formatDuration(Math.max(0, thread.lastAtMs - thread.startedAtMs));
    return this.#report(report, thread, { cells: { phase: cleanText(thread.kind), duration, outcome: 'not metered' } });
  }

  /** The row of an invocation or a thread, and below it its responses if the report has them, or else its models where there are several. */
  #report(
    report: InvocationReport | ThreadReport,
    { startedAtMs, threadId }: Pick<InvocationReport['invocation'], 'startedAtMs' | 'threadId'>,
    { cells, outcomeStyle }: { readonly cells: Row<CostKey>['cells']; readonly outcomeStyle?: Style | undefined },
  ): Row<CostKey>[] {
    const { figures, responses, models } = report;
    const started = this.options.clock.formatMinute(startedAtMs);
    const ofResponses = responses.map((response) => ({
      model: response.model,
      figures: figuresOfResponse(response, unitOf(figures)),
      outcome: describeResponse(response, threadId, this.options.clock, this.formats.outcome),
    }));
    const ofModels = models.map((one) => ({ ...one, outcome: formatPlural(one.figures.responses, 'response') }));
    const parts = ofResponses.length > 0 ? ofResponses : ofModels.length > 1 ? ofModels : [];
    return [
      {
        cells: { ...describeFigures(figures, this.formats), started, model: describeModels(report), ...cells },
        styles: { outcome: outcomeStyle, cost: styleCost(figures) },
      },
      ...layOutBranches(parts, (part) => ({
        ...describeFigures(part.figures, this.formats),
        outcome: part.outcome,
      })),
    ];
  }

  #sum(name: string, { figures, invocations }: InvocationSums): Row<CostKey>['cells'] {
    const all = invocations.map(({ invocation }) => invocation);
    const described = { ...describeFigures(figures, this.formats), phase: name };
    if (all.length === 0) return described;
    const statuses = all.map(({ status }) => status);
    return {
      ...described,
      model: formatPlural(all.length, 'invocation'),
      duration: describeDuration(all, this.options.nowMs),
      outcome: describeCompleted(statuses, this.formats.outcome),
    };
  }
}

function rule(rows: readonly Row<CostKey>[]): Row<CostKey>[] {
  return rows.map((row, index) => (index === 0 ? { ...row, ruled: true } : row));
}

function compareBy(sort: CostSort, nowMs: number): (a: InvocationSums, b: InvocationSums) => number {
  const amountOf = ({ figures, invocations }: InvocationSums): number => {
    const rows = invocations.map(({ invocation }) => invocation);
    if (sort === 'cost') return figures.costNanoUsd ?? -1;
    if (sort === 'tokens') return totalTokens(figures);
    if (sort === 'duration') return sumDurationsMs(rows, nowMs) ?? -1;
    return -(rows[0]?.iteration ?? 0);
  };
  return (a, b) => amountOf(b) - amountOf(a);
}

/** `14:03:27 child, priority, usage record`: first what is out of the ordinary, because the end may be cut off. */
function describeResponse(response: ResponseRow, threadId: string | null, clock: Clock, extent: OutcomeExtent): string {
  const remarks = [
    ...(threadId === null || response.threadId === threadId ? [] : ['child']),
    ...(response.serviceTier === null ? [] : [cleanText(response.serviceTier)]),
    ...(extent === 'full' ? [EVIDENCE_WORDS[response.evidence] ?? response.evidence] : []),
  ];
  return `${clock.formatTime(response.completedAtMs)} ${remarks.join(', ')}`.trimEnd();
}

/** The dearest model first, as in every table. */
function describeModels({ models }: Pick<InvocationReport, 'models'>): string {
  const byCost = [...models].sort((a, b) => (b.figures.costNanoUsd ?? -1) - (a.figures.costNanoUsd ?? -1));
  return formatModels([...new Set(byCost.map(({ model }) => model))]);
}
