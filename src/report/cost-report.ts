import type { Connection } from '../store/open.js';
import {
  type InvocationRow,
  type ModelRow,
  type NoteRow,
  type ResponseRow,
  readInvocations,
  readModels,
  readNotes,
  readResponses,
  type Scope,
} from '../store/queries.js';
import {
  readUnmeteredModels,
  readUnmeteredResponses,
  readUnmeteredThreads,
  type ThreadRow,
} from '../store/unmetered.js';
import type { CostUnit } from '../usage/options.js';
import { PHASES, type Phase } from '../usage/phase.js';
import { type CostParts, selectPart } from './cost-part.js';
import { type CreditFigures, type CreditsOf, type ModelOf, readScopeCredits } from './credits.js';
import { type Figures, figuresOfModel, type ModelFigures, type Summary, summarise, sumParts } from './figures.js';
import { groupBy } from './groups.js';
import type { Part } from './selector.js';

/** The cost of a run or a session, or of a part of it, invocation by invocation. */
export interface CostReport extends Summary {
  readonly scope: Scope;
  /** Oldest first. */
  readonly invocations: readonly InvocationReport[];
  /** The phases that occur, in the order of PHASES. */
  readonly phases: readonly (InvocationSums & { readonly phase: Phase })[];
  /** Of a run: its iterations over all phases, by number. A session can belong to several runs, and has none. */
  readonly iterations: readonly (InvocationSums & { readonly iteration: number })[];
  /** Of a session: its threads with the responses that are assigned to no invocation, oldest first. */
  readonly unmetered: readonly ThreadReport[];
}

/** What one invocation, or one thread, used. */
interface UsageReport {
  readonly figures: Figures;
  readonly models: readonly ModelReport[];
  /** Empty unless the report was asked for them. */
  readonly responses: readonly ResponseRow[];
}

export interface ThreadReport extends UsageReport {
  readonly thread: ThreadRow;
}

export interface InvocationReport extends UsageReport {
  readonly invocation: InvocationRow;
  readonly notes: readonly NoteRow[];
}

/** The responses of one model and one source within an invocation. */
export interface ModelReport extends ModelFigures {
  readonly threadIds: readonly string[];
}

/** The sums of several invocations. */
export interface InvocationSums {
  readonly invocations: readonly InvocationReport[];
  readonly figures: Figures;
}

export interface CostReportOptions {
  /** `responses`: the report lists every response of every invocation. */
  readonly detail: 'models' | 'responses';
  /** `credits`: the figures of Codex have credits too. */
  readonly unit?: CostUnit | undefined;
  readonly part?: Part | undefined;
}

/** Reads the report of `scope`. Call it within a snapshot. Throws a ReportError when `part` is empty, and a StoreError. */
export function readCostReport(
  connection: Connection,
  scope: Scope,
  { detail, unit, part }: CostReportOptions,
): CostReport {
  const credits = readScopeCredits(connection, unit, scope);
  const models = groupBy(readModels(connection, scope), ({ invocationId }) => invocationId);
  const notes = groupBy(readNotes(connection, scope), ({ invocationId }) => invocationId);
  const rows = detail === 'responses' ? readResponses(connection, scope) : [];
  const responses = groupBy(rows, ({ invocationId }) => invocationId);
  const invocations = readInvocations(connection, scope).map((invocation): InvocationReport => {
    const reports = (models.get(invocation.id) ?? []).map((row) => {
      return describeModel(row, credits.ofInvocation({ ...row, id: invocation.id }));
    });
    return {
      invocation,
      figures: sumParts(reports),
      models: reports,
      responses: responses.get(invocation.id) ?? [],
      notes: notes.get(invocation.id) ?? [],
    };
  });
  const unmetered = readUnmetered(connection, scope, detail, credits.ofThread);
  return selectReport({ scope, invocations, unmetered }, part);
}

/** Lists the projects of a report's invocations and threads. */
export function listProjects({ invocations, unmetered }: CostReport): string[] {
  const all = [...invocations.map(({ invocation }) => invocation), ...unmetered.map(({ thread }) => thread)];
  return [...new Set(all.map(({ projectId }) => projectId))];
}

function readUnmetered(
  connection: Connection,
  scope: Scope,
  detail: CostReportOptions['detail'],
  creditsOf: CreditsOf<ModelOf>,
): ThreadReport[] {
  if (scope.kind === 'run') return [];
  const models = groupBy(readUnmeteredModels(connection, scope), ({ threadId }) => threadId);
  const rows = detail === 'responses' ? readUnmeteredResponses(connection, scope) : [];
  const responses = groupBy(rows, ({ threadId }) => threadId);
  return readUnmeteredThreads(connection, scope).map((thread) => {
    const ofThread = (models.get(thread.threadId) ?? []).map((row) =>
      describeModel({ ...row, threadIds: [row.threadId] }, creditsOf({ ...row, id: row.threadId })),
    );
    const { threadId } = thread;
    return { thread, figures: sumParts(ofThread), models: ofThread, responses: responses.get(threadId) ?? [] };
  });
}

function describeModel(row: Omit<ModelRow, 'invocationId'>, credits: CreditFigures | undefined): ModelReport {
  const { model, source, threadIds } = row;
  return { model, source, threadIds, figures: figuresOfModel(row, credits) };
}

/** Returns the report of a part of what was read. Throws a ReportError when there is nothing in it. */
export function selectReport(
  { scope, ...all }: CostParts & Pick<CostReport, 'scope'>,
  part: Part | undefined,
): CostReport {
  const { invocations, unmetered } = selectPart(all, scope, part);
  const names = new Set([...PHASES, ...invocations.map(({ invocation }) => invocation.phase)]);
  const ofPhase = groupBy(invocations, ({ invocation }) => invocation.phase);
  const ofIteration = scope.kind === 'run' ? groupBy(invocations, ({ invocation }) => invocation.iteration) : new Map();
  const sum = (all: readonly InvocationReport[]) => ({ invocations: all, figures: sumParts(all) });
  return {
    scope,
    invocations,
    phases: [...names].flatMap((phase) => {
      const all = ofPhase.get(phase);
      return all ? [{ phase, ...sum(all) }] : [];
    }),
    iterations: [...ofIteration].sort(([a], [b]) => a - b).map(([iteration, all]) => ({ iteration, ...sum(all) })),
    unmetered,
    ...summarise([...invocations, ...unmetered].flatMap(({ models }) => models)),
  };
}
