import type { Connection } from '../store/open.js';
import type { ResponseRow } from '../store/queries.js';
import { readThreadResponses, type ThreadResponse } from '../store/thread-responses.js';
import { type CostReport, type InvocationReport, readCostReport, selectReport } from './cost-report.js';
import { COST_PARTS, type CostPart, type CostSplit, splitCost, sumSplits, totalOf } from './cost-split.js';
import { describeDistribution } from './distribution.js';
import { groupBy } from './groups.js';
import type { Part, Selection } from './selector.js';
import { CAUSE_KINDS, type Cause, type CauseKind, findCauses } from './why-causes.js';

/** Why a run, a part of it, or a session cost what it cost. */
export interface WhyReport {
  readonly report: CostReport;
  /** How the priced responses' cost is made up. */
  readonly split: CostSplit;
  /** The iterations that it is compared with; undefined where there are none. */
  readonly usual: UsualIteration | undefined;
  /** The dearest responses, the dearest first. */
  readonly dearest: readonly ExplainedResponse[];
  /** What each kind of cause cost over all responses, the dearest first. Kinds overlap: they do not add up. */
  readonly causes: readonly CauseSum[];
  readonly pricedResponses: number;
  /** Responses of which no cause is known, because they have no price. */
  readonly unpricedResponses: number;
}

/** The medians of the other iterations of the same phase of the run. */
export interface UsualIteration {
  readonly iterations: number;
  readonly nanoUsd: Readonly<Record<CostPart, number>>;
  readonly totalNanoUsd: number;
}

export interface ExplainedResponse {
  readonly response: ResponseRow;
  readonly phase: string | undefined;
  readonly iteration: number | undefined;
  /** The dearest cause; undefined where none is known. */
  readonly cause: Cause | undefined;
}

export interface CauseSum {
  readonly kind: CauseKind;
  readonly nanoUsd: number;
  readonly responses: number;
  /** The dearest of its kind. */
  readonly example: Cause;
}

const DEAREST = 3;

/** Explains what `selection` cost. Call it within a snapshot. Throws a ReportError when there is nothing in it, and a StoreError. */
export function readWhy(connection: Connection, { scope, part }: Selection): WhyReport {
  const whole = readCostReport(connection, scope, { detail: 'responses' });
  const report = selectReport(whole, part);
  const responses = listResponses(report);
  const explained = explainAll(connection, report, responses);
  const priced = explained.filter(({ response }) => response.costNanoUsd !== null);
  const splits = priced.flatMap(({ response }) => splitCost(response) ?? []);
  return {
    report,
    split: sumSplits(splits),
    usual: part?.iteration === undefined ? undefined : compareWithOthers(whole, part),
    dearest: priced
      .toSorted((a, b) => (b.response.costNanoUsd ?? 0) - (a.response.costNanoUsd ?? 0))
      .slice(0, DEAREST)
      .map(({ causes, ...rest }) => ({ ...rest, cause: causes[0] })),
    causes: sumCauses(priced.flatMap(({ causes }) => causes)),
    pricedResponses: priced.length,
    unpricedResponses: responses.length - priced.length,
  };
}

interface Listed {
  readonly response: ResponseRow;
  readonly invocation: InvocationReport['invocation'] | undefined;
}

function listResponses({ invocations, unmetered }: CostReport): Listed[] {
  return [
    ...invocations.flatMap(({ invocation, responses }) => responses.map((response) => ({ response, invocation }))),
    ...unmetered.flatMap(({ responses }) => responses.map((response) => ({ response, invocation: undefined }))),
  ];
}

type Explained = Omit<ExplainedResponse, 'cause'> & { readonly causes: readonly Cause[] };

function explainAll(connection: Connection, report: CostReport, listed: readonly Listed[]): Explained[] {
  const threadIds = [...new Set(listed.map(({ response }) => response.threadId))];
  const last = Math.max(...listed.map(({ response }) => response.completedAtMs));
  const ordered = groupBy(readThreadResponses(connection, threadIds, last), ({ threadId }) => threadId);
  const previous = findPredecessors(ordered);
  const children = new Set(report.unmetered.flatMap(({ thread }) => (thread.kind === 'main' ? [] : thread.threadId)));
  return listed.map(({ response, invocation }) => {
    const { threadId } = response;
    const startedByAnother = invocation?.threadId != null && invocation.threadId !== threadId;
    const isChildThread = startedByAnother || children.has(threadId);
    return {
      response,
      phase: invocation?.phase,
      iteration: invocation?.iteration,
      causes: findCauses({ response, previous: previous.get(keyOf(response)), isChildThread }),
    };
  });
}

function findPredecessors(threads: ReadonlyMap<string, readonly ThreadResponse[]>): Map<string, ThreadResponse> {
  const previous = new Map<string, ThreadResponse>();
  for (const responses of threads.values()) {
    for (const [index, response] of responses.entries()) {
      const before = responses[index - 1];
      if (before) previous.set(keyOf(response), before);
    }
  }
  return previous;
}

function keyOf({ threadId, key }: Pick<ThreadResponse, 'threadId' | 'key'>): string {
  return JSON.stringify([threadId, key]);
}

function sumCauses(causes: readonly Cause[]): CauseSum[] {
  const byKind = groupBy(causes, ({ kind }) => kind);
  return CAUSE_KINDS.flatMap((kind) => {
    const all = (byKind.get(kind) ?? []).toSorted((a, b) => b.nanoUsd - a.nanoUsd);
    const [example] = all;
    const nanoUsd = all.reduce((sum, cause) => sum + cause.nanoUsd, 0);
    return example ? [{ kind, nanoUsd, responses: all.length, example }] : [];
  }).sort((a, b) => b.nanoUsd - a.nanoUsd);
}

/** Each part of the cost as the median over the other iterations of the phase, or of all phases where none was asked for. */
function compareWithOthers({ invocations }: CostReport, { phase, iteration }: Part): UsualIteration | undefined {
  const others = invocations.filter(({ invocation }) => {
    return invocation.iteration !== iteration && (phase ?? invocation.phase) === invocation.phase;
  });
  const splits = [...groupBy(others, ({ invocation }) => invocation.iteration).values()].map((ofIteration) => {
    return sumSplits(ofIteration.flatMap(({ responses }) => responses.flatMap((one) => splitCost(one) ?? [])));
  });
  if (splits.length === 0) return undefined;
  const nanoUsd = COST_PARTS.map((name) => [name, medianOf(splits.map((split) => split[name].nanoUsd))]);
  return {
    iterations: splits.length,
    nanoUsd: Object.fromEntries(nanoUsd) as Record<CostPart, number>,
    totalNanoUsd: medianOf(splits.map(totalOf)),
  };
}

function medianOf(nanoUsd: readonly number[]): number {
  return Math.round(describeDistribution(nanoUsd)?.median ?? 0);
}
