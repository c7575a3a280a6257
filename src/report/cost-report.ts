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
import type { Source } from '../usage/source.js';
import { type CreditFigures, type CreditsOf, type ModelOf, readScopeCredits } from './credits.js';
import { type Figures, sumFigures, toFigures } from './figures.js';
import { groupBy } from './groups.js';
import { type Summary, summarise, sumParts } from './summary.js';

/** What a run or a session cost, invocation by invocation. */
export interface CostReport extends Summary {
  readonly scope: Scope;
  /** Oldest first. */
  readonly invocations: readonly InvocationReport[];
  /** In the order of PHASES, those that occur. */
  readonly phases: readonly PhaseReport[];
  /** Of a session: its threads as far as no invocation is known to have caused their responses, oldest first. */
  readonly unmetered: readonly ThreadReport[];
}

export interface ThreadReport {
  readonly thread: ThreadRow;
  readonly figures: Figures;
  readonly models: readonly ModelReport[];
  /** Empty unless asked for. */
  readonly responses: readonly ResponseRow[];
}

export interface InvocationReport {
  readonly invocation: InvocationRow;
  readonly figures: Figures;
  readonly models: readonly ModelReport[];
  /** Empty unless asked for. */
  readonly responses: readonly ResponseRow[];
  readonly notes: readonly NoteRow[];
}

/** One model of an invocation, as far as its counts are worth `source`. */
export interface ModelReport {
  readonly model: string;
  readonly source: Source;
  readonly threadIds: readonly string[];
  readonly figures: Figures;
}

export interface PhaseReport {
  readonly phase: Phase;
  readonly invocations: readonly InvocationReport[];
  readonly figures: Figures;
}

export interface CostReportOptions {
  /** `responses`: with every response of every invocation. */
  readonly detail: 'models' | 'responses';
  /** `credits`: the figures of Codex have credits too. */
  readonly unit?: CostUnit | undefined;
}

/** Reads the report of `scope`. Call it within a snapshot, so that its parts agree. Throws a StoreError. */
export function readCostReport(connection: Connection, scope: Scope, { detail, unit }: CostReportOptions): CostReport {
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
      figures: sumFigures(reports.map(({ figures }) => figures)),
      models: reports,
      responses: responses.get(invocation.id) ?? [],
      notes: notes.get(invocation.id) ?? [],
    };
  });
  return describeAll(scope, invocations, readUnmetered(connection, scope, detail, credits.ofThread));
}

/** The projects that it belongs to. */
export function listProjects({ invocations, unmetered }: CostReport): string[] {
  return [
    ...new Set(
      [...invocations.map((one) => one.invocation), ...unmetered.map((one) => one.thread)].map((one) => one.projectId),
    ),
  ];
}

function readUnmetered(
  connection: Connection,
  scope: Scope,
  detail: CostReportOptions['detail'],
  creditsOf: CreditsOf<ModelOf>,
): ThreadReport[] {
  if (scope.kind === 'run') return [];
  const models = groupBy(readUnmeteredModels(connection, scope.threadId), ({ threadId }) => threadId);
  const rows = detail === 'responses' ? readUnmeteredResponses(connection, scope.threadId) : [];
  const responses = groupBy(rows, ({ threadId }) => threadId);
  return readUnmeteredThreads(connection, scope.threadId).map((thread) => {
    const ofThread = (models.get(thread.threadId) ?? []).map((row) =>
      describeModel({ ...row, threadIds: [row.threadId] }, creditsOf({ ...row, id: row.threadId })),
    );
    const { threadId } = thread;
    return { thread, figures: sumParts(ofThread), models: ofThread, responses: responses.get(threadId) ?? [] };
  });
}

function describeModel(row: Omit<ModelRow, 'invocationId'>, credits: CreditFigures | undefined): ModelReport {
  const { model, source, evidence, threadIds } = row;
  return {
    model,
    source,
    threadIds,
    figures: toFigures(row, { models: [model], sources: [source], evidence, credits }),
  };
}

function describeAll(
  scope: Scope,
  invocations: readonly InvocationReport[],
  unmetered: readonly ThreadReport[],
): CostReport {
  const names = new Set([...PHASES, ...invocations.map(({ invocation }) => invocation.phase)]);
  const phases = [...names].map((phase) => {
    const ofPhase = invocations.filter(({ invocation }) => invocation.phase === phase);
    return { phase, invocations: ofPhase, figures: sumParts(ofPhase) };
  });
  return {
    scope,
    invocations,
    phases: phases.filter((phase) => phase.invocations.length > 0),
    unmetered,
    ...summarise([...invocations, ...unmetered].flatMap(({ models }) => models)),
  };
}
