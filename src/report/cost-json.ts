import type { NoteRow } from '../store/queries.js';
import { listWanted } from '../store/tags.js';
import {
  type CostReport,
  type InvocationReport,
  type InvocationSums,
  listProjects,
  type ModelReport,
  type ThreadReport,
} from './cost-report.js';
import { toCreditCardJson } from './credits.js';
import { type Figures, figuresOfResponse, unitOf } from './figures.js';
import { measureDurationMs } from './outcome.js';
import type { Selection } from './selector.js';
import {
  SCHEMA_VERSION,
  toIso,
  toPartJson,
  toResponseJson,
  toScopeJson,
  toSumsJson,
  toUnpricedJson,
} from './sums-json.js';
import { collectTags } from './tags.js';

export interface CostJsonOptions {
  /** `responses`: each invocation has the list of its responses. */
  readonly detail: 'models' | 'responses';
}

/** Returns the report as data. What is not known is null; a cost is null when none of its responses has a price. */
export function toCostJson(
  report: CostReport,
  { scope, reason, part }: Selection,
  { detail }: CostJsonOptions,
): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: scope.kind,
    ...toScopeJson(scope, listProjects(report)),
    selectedAs: reason,
    ...(part && { part: { phase: part.phase ?? null, iteration: part.iteration ?? null, model: part.model ?? null } }),
    ...(scope.tags && { onlyTags: listWanted(scope.tags) }),
    tags: collectTags([
      ...report.invocations.map(({ invocation }) => invocation.tags),
      ...report.unmetered.map(({ thread }) => thread.tags),
    ]),
    invocations: report.invocations.map((one) => ({ ...toInvocationJson(one), ...toResponsesJson(one, detail) })),
    ...(scope.kind === 'session' ? { unmetered: report.unmetered.map((one) => toThreadJson(one, detail)) } : {}),
    phases: report.phases.map(({ phase, ...sums }) => ({ phase, ...toInvocationSumsJson(sums) })),
    ...(scope.kind === 'run' && {
      iterations: report.iterations.map(({ iteration, ...sums }) => ({ iteration, ...toInvocationSumsJson(sums) })),
    }),
    totals: {
      ...toInvocationSumsJson({ invocations: report.invocations, figures: report.totals }),
      bySource: report.sources.map(({ figures }) => toFiguresJson(figures)),
    },
    unpricedModels: report.unpriced.map(toUnpricedJson),
    ...(report.totals.credits ? { credits: toCreditCardJson() } : {}),
  };
}

function toThreadJson(one: ThreadReport, detail: CostJsonOptions['detail']): object {
  const { thread, figures, models } = one;
  const { threadId, provider, projectId, kind, cwd, cliVersion, tags, startedAtMs, lastAtMs } = thread;
  return {
    ...{ threadId, provider, projectId, threadKind: kind, cwd, cliVersion, tags },
    startedAt: toIso(startedAtMs),
    lastResponseAt: toIso(lastAtMs),
    ...toFiguresJson(figures),
    models: models.map(toModelJson),
    ...toResponsesJson(one, detail),
  };
}

function toFiguresJson(figures: Figures): object {
  return { evidence: figures.evidence, ...toSumsJson(figures) };
}

function toInvocationSumsJson({ invocations, figures }: InvocationSums): object {
  return { invocationCount: invocations.length, ...toFiguresJson(figures) };
}

function toResponsesJson({ responses, figures }: InvocationReport | ThreadReport, detail: CostJsonOptions['detail']) {
  if (detail !== 'responses') return {};
  return {
    responses: responses.map((row) => {
      const costExtent = row.costNanoUsd === null ? null : row.costExtent;
      return toResponseJson(row, figuresOfResponse(row, unitOf(figures)), { costExtent });
    }),
  };
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
    tags: invocation.tags,
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

function toModelJson({ model, figures }: ModelReport): object {
  return { model, evidence: figures.evidence, ...toPartJson(figures) };
}

function toNoteJson({ kind, reason, figures, notedAtMs }: NoteRow): object {
  return { kind, reason, figures, notedAt: toIso(notedAtMs) };
}
