import type { ResponseRow } from '../store/queries.js';
import { cleanText, formatDuration, formatPlural } from './amounts.js';
import type { Clock } from './clock.js';
import { alignCosts } from './cost-alignment.js';
import { type CostKey, chooseCostColumns, type TableExtent } from './cost-columns.js';
import type { CostReport, InvocationReport, PhaseReport, ThreadReport } from './cost-report.js';
import { type Figures, figuresOfResponse, unitOf } from './figures.js';
import { describeFigures } from './figures-text.js';
import { describeCompleted, describeDuration, describeOutcome } from './outcome.js';
import type { Style } from './paint.js';
import type { Column, Row } from './table.js';

export interface CostTableOptions {
  readonly clock: Clock;
  readonly nowMs: number;
  readonly extent: TableExtent;
}

export interface CostTable {
  readonly columns: readonly Column<CostKey>[];
  readonly rows: readonly Row<CostKey>[];
}

const TROUBLE: Readonly<Partial<Record<string, Style>>> = {
  failed: 'red',
  interrupted: 'yellow',
  abandoned: 'yellow',
  'over budget': 'yellow',
};

/**
 * Lays `report` out: a row per invocation, below it its responses, or else its models where there are several; then
 * the phases where there are several, and the total.
 */
export function layOutCostTable(report: CostReport, options: CostTableOptions): CostTable {
  const invocations = report.invocations.flatMap((one) => [
    layOutInvocation(one, options),
    ...layOutParts(one, one.invocation.threadId, options),
  ]);
  const threads = report.unmetered.flatMap((one) => [
    layOutThread(one, options),
    ...layOutParts(one, one.thread.threadId, options),
  ]);
  const phases = report.phases.length > 1 ? report.phases : [];
  const subtotals = phases.map((phase, index): Row<CostKey> => {
    return { cells: layOutSum(phase.phase, phase, options), ruled: index === 0 };
  });
  const total = layOutSum('total', { invocations: report.invocations, figures: report.totals }, options);
  return {
    columns: chooseCostColumns(report, options.extent),
    rows: alignCosts([...invocations, ...threads, ...subtotals, { cells: total, style: 'bold', ruled: true }]),
  };
}

function layOutInvocation({ invocation, figures }: InvocationReport, { clock, nowMs }: CostTableOptions): Row<CostKey> {
  const trouble = TROUBLE[invocation.status];
  return {
    cells: {
      ...describeFigures(figures),
      started: clock.formatMinute(invocation.startedAtMs),
      run: cleanText(invocation.runId),
      iteration: String(invocation.iteration),
      phase: invocation.phase,
      model: describeModels(figures),
      duration: describeDuration([invocation], nowMs),
      outcome: describeOutcome(invocation),
    },
    styles: { ...(trouble && { outcome: trouble }), ...styleCost(figures) },
  };
}

function layOutThread({ thread, figures }: ThreadReport, { clock }: CostTableOptions): Row<CostKey> {
  return {
    cells: {
      ...describeFigures(figures),
      started: clock.formatMinute(thread.startedAtMs),
      phase: cleanText(thread.kind),
      model: describeModels(figures),
      duration: formatDuration(Math.max(0, thread.lastAtMs - thread.startedAtMs)),
      outcome: 'not metered',
    },
    styles: styleCost(figures),
  };
}

function layOutParts(
  { responses, models, figures: all }: Pick<InvocationReport, 'responses' | 'models' | 'figures'>,
  threadId: string | null,
  { clock }: CostTableOptions,
): Row<CostKey>[] {
  const ofResponses = responses.map((response) => ({
    model: response.model,
    figures: figuresOfResponse(response, unitOf(all)),
    outcome: describeResponse(response, threadId, clock),
  }));
  const ofModels = models.map(({ model, figures }) => ({
    model,
    figures,
    outcome: formatPlural(figures.responses, 'response'),
  }));
  const parts = ofResponses.length > 0 ? ofResponses : ofModels.length > 1 ? ofModels : [];
  return parts.map(({ model, figures, outcome }, index) => {
    const branch = index === parts.length - 1 ? '└' : '├';
    const cells = { ...describeFigures(figures), model: `${branch} ${cleanText(model)}`, outcome };
    return { cells, style: 'gray', needs: 'model' };
  });
}

function layOutSum(
  name: string,
  { figures, invocations }: Pick<PhaseReport, 'figures' | 'invocations'>,
  { nowMs }: CostTableOptions,
): Row<CostKey>['cells'] {
  const all = invocations.map(({ invocation }) => invocation);
  return {
    ...describeFigures(figures),
    phase: name,
    model: all.length === 0 ? '' : formatPlural(all.length, 'invocation'),
    duration: all.length === 0 ? '' : describeDuration(all, nowMs),
    outcome: all.length === 0 ? '' : describeCompleted(all.map(({ status }) => status)),
  };
}

/** `14:03:27 child, priority, usage_record`: what is out of the ordinary first, for the end may be cut off. */
function describeResponse(response: ResponseRow, threadId: string | null, clock: Clock): string {
  const remarks = [
    ...(threadId === null || response.threadId === threadId ? [] : ['child']),
    ...(response.serviceTier === null ? [] : [cleanText(response.serviceTier)]),
    response.evidence,
  ];
  return `${clock.formatTime(response.completedAtMs)} ${remarks.join(', ')}`;
}

function describeModels({ models }: Figures): string {
  const [model] = models;
  if (models.length > 1) return formatPlural(models.length, 'model');
  return model === undefined ? '-' : cleanText(model);
}

function styleCost({ responses, costNanoUsd }: Figures): Partial<Record<CostKey, Style>> {
  return responses > 0 && costNanoUsd === undefined ? { cost: 'yellow' } : {};
}
