import type { NoteRow, ResponseRow } from '../store/queries.js';
import type { CostReport, InvocationReport, ModelReport } from './cost-report.js';
import { describeSource, type Figures, figuresOfResponse } from './figures.js';
import { measureDurationMs } from './outcome.js';
import type { Selection } from './selection.js';

/** The version of the JSON's field names. A field may be added under the same version, none changes or goes. */
export const SCHEMA_VERSION = 1;

export interface CostJsonOptions {
  /** `responses`: each invocation with the list of its responses. */
  readonly detail: 'models' | 'responses';
}

/** The report as data. What is not known is null; a cost is null when nothing of it has a price. */
export function toCostJson(report: CostReport, { scope, reason }: Selection, { detail }: CostJsonOptions): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: scope.kind,
    ...(scope.kind === 'run'
      ? { runId: scope.runId, projectId: scope.projectId }
      : {
          threadId: scope.threadId,
          projectIds: [...new Set(report.invocations.map((one) => one.invocation.projectId))],
        }),
    selectedAs: reason,
    invocations: report.invocations.map((invocation) => ({
      ...toInvocationJson(invocation),
      ...(detail === 'responses' ? { responses: invocation.responses.map(toResponseJson) } : {}),
    })),
    phases: report.phases.map(({ phase, invocations, figures }) => ({
      phase,
      invocationCount: invocations.length,
      ...toFiguresJson(figures),
    })),
    totals: {
      invocationCount: report.invocations.length,
      ...toFiguresJson(report.totals),
      bySource: report.sources.map(({ figures }) => toFiguresJson(figures)),
    },
    unpricedModels: report.unpriced.map(({ model, unpricedResponses }) => ({
      model,
      unpricedResponseCount: unpricedResponses,
    })),
  };
}

/** Sums over responses: `source` is `mixed` when they have several, null when there is no response. */
export function toSumsJson(figures: Figures): object {
  const { responses, unpricedResponses, models } = figures;
  return {
    source: describeSource(figures) ?? null,
    modelNames: models,
    responseCount: responses,
    unpricedResponseCount: unpricedResponses,
    ...toAmountsJson(figures),
  };
}

export function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function toFiguresJson(figures: Figures): object {
  return { evidence: figures.evidence, ...toSumsJson(figures) };
}

function toInvocationJson(report: InvocationReport): object {
  const { invocation, figures, models, notes } = report;
  const { threadId } = invocation;
  const threads = new Set(models.flatMap((model) => model.threadIds));
  return {
    invocationId: invocation.id,
    projectId: invocation.projectId,
    runId: invocation.runId,
    phase: invocation.phase,
    iteration: invocation.iteration,
    attribution: invocation.origins,
    command: invocation.command,
    cwd: invocation.cwd,
    codexVersion: invocation.codexVersion,
    threadId,
    childThreadIds: [...threads].filter((id) => threadId !== null && id !== threadId),
    status: invocation.status,
    exitCode: invocation.exitCode,
    signal: invocation.signal,
    startedAt: toIso(invocation.startedAtMs),
    endedAt: toIso(invocation.endedAtMs),
    durationMs: measureDurationMs(invocation) ?? null,
    ...toFiguresJson(figures),
    models: models.map(toModelJson),
    notes: notes.map(toNoteJson),
  };
}

function toModelJson({ model, source, figures }: ModelReport): object {
  const { evidence, responses, unpricedResponses } = figures;
  return {
    model,
    source,
    evidence,
    responseCount: responses,
    unpricedResponseCount: unpricedResponses,
    ...toAmountsJson(figures),
  };
}

function toResponseJson(row: ResponseRow): object {
  return {
    threadId: row.threadId,
    responseKey: row.key,
    turnId: row.turnId,
    model: row.model,
    serviceTier: row.serviceTier,
    source: row.source,
    evidence: row.evidence,
    completedAt: toIso(row.completedAtMs),
    ...toAmountsJson(figuresOfResponse(row)),
    price: row.price,
  };
}

function toAmountsJson({ usage, costNanoUsd }: Figures): object {
  return {
    inputTokens: usage.input,
    cachedInputTokens: usage.cachedInput,
    cacheWriteTokens: usage.cacheWrite,
    outputTokens: usage.output,
    reasoningTokens: usage.reasoning,
    costUsd: costNanoUsd === undefined ? null : costNanoUsd / 1e9,
    costNanoUsd: costNanoUsd ?? null,
  };
}

function toNoteJson({ kind, reason, figures, notedAtMs }: NoteRow): object {
  return { kind, reason, figures, notedAt: toIso(notedAtMs) };
}
