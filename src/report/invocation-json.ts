import type { BudgetLimit, OnBudget } from '../usage/budget.js';
import { type EmitForm, OWN_KEY } from '../usage/options.js';
import { type Invocation, type InvocationStatus, isUnpriced, type Note, type PricedResponse } from '../usage/record.js';
import { toTagsJson } from '../usage/tags.js';
import { sumUsage, type Usage } from '../usage/usage.js';
import { type Figures, sumFigures } from './figures.js';
import { groupBy } from './groups.js';
import { SCHEMA_VERSION, toIso, toPartJson, toResponseJson, toSumsJson } from './sums-json.js';

/** What the meter of an invocation knows of it. */
export interface InvocationFacts {
  readonly invocation: Invocation;
  /** Undefined when no database has given it a number. */
  readonly iteration: number | undefined;
  readonly threadId: string | undefined;
  readonly codexVersion: string | undefined;
  /** `refused`: Codex was not started, because its budget was spent. */
  readonly status: InvocationStatus | 'refused';
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly endedAtMs: number;
  readonly responses: readonly PricedResponse[];
  readonly notes: readonly Note[];
  readonly budget: BudgetFacts | undefined;
}

interface BudgetFacts {
  readonly onBudget: OnBudget;
  readonly levels: readonly BudgetLevel[];
}

/** How much of a limit is used. */
export interface BudgetLevel {
  readonly limit: BudgetLimit;
  /** In the limit's unit. */
  readonly amount: number;
}

/** Returns the report of an invocation that has ended. What is not known is null. */
export function toInvocationReport(facts: InvocationFacts): object {
  const { invocation, endedAtMs, responses, threadId } = facts;
  const parts = responses.map(figuresOf);
  const figures = sumFigures(parts);
  const threads = new Set(responses.map((response) => response.threadId));
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'invocation',
    ...identify(invocation, facts.iteration),
    codexVersion: facts.codexVersion ?? null,
    threadId: threadId ?? null,
    childThreadIds: [...threads].filter((id) => threadId !== undefined && id !== threadId),
    status: facts.status,
    exitCode: facts.exitCode ?? null,
    signal: facts.signal ?? null,
    startedAt: toIso(invocation.startedAtMs),
    endedAt: toIso(endedAtMs),
    durationMs: endedAtMs - invocation.startedAtMs,
    evidence: figures.evidence,
    ...toSumsJson(figures),
    models: [...groupBy(responses, ({ model, source }) => `${source} ${model}`).values()].map(toModelJson),
    budget: facts.budget === undefined ? null : toBudgetJson(facts.budget),
    notes: facts.notes.map(({ kind, reason, figures }) => ({ kind, reason, figures })),
  };
}

/** Returns what is known of an invocation from its start on. One that was not started has no id. */
export function identify(invocation: Invocation, iteration: number | undefined): object {
  const { id, attribution, command, cwd, tags = [] } = invocation;
  const { projectId, runId, phase, origins } = attribution;
  return {
    invocationId: id || null,
    projectId,
    runId,
    phase,
    iteration: iteration ?? null,
    attribution: origins,
    tags: toTagsJson(tags),
    command,
    cwd,
  };
}

/** Returns a response as data, with the cost that it has just been given. */
export function toPricedResponseJson(response: PricedResponse): object {
  return toResponseJson(response, figuresOf(response));
}

export function toTotalsJson(responses: readonly PricedResponse[]): object {
  return toSumsJson(sumFigures(responses.map(figuresOf)));
}

export function toLevelJson({ limit, amount }: BudgetLevel): object {
  const { scope, unit, of } = limit;
  const fleet = of === undefined ? {} : { of };
  const share = amount / limit.amount;
  if (unit === 'tokens') return { scope, unit, ...fleet, limitTokens: limit.amount, spentTokens: amount, share };
  return { scope, unit, ...fleet, limitUsd: limit.amount / 1e9, spentUsd: amount / 1e9, share };
}

function toBudgetJson({ onBudget, levels }: BudgetFacts): object {
  const reached = levels.some(({ limit, amount }) => amount >= limit.amount);
  return { onBudget, state: reached ? 'reached' : 'within', limits: levels.map(toLevelJson) };
}

function toModelJson(responses: readonly PricedResponse[]): object {
  const figures = sumFigures(responses.map(figuresOf));
  return { model: figures.models[0] ?? null, evidence: figures.evidence, ...toPartJson(figures) };
}

function figuresOf(response: PricedResponse): Figures {
  const { usage, costNanoUsd, model, source, evidence } = response;
  return {
    ...{ usage, costNanoUsd, responses: 1, unpricedResponses: isUnpriced(response) ? 1 : 0 },
    ...{ models: [model], sources: [source], evidence: [evidence] },
  };
}

/**
 * Writes the usage of an invocation as one line of JSON in the shape of a record of Codex, for programs that look for such
 * a record in its output. Returns undefined when no usage is known, and for the form that says that a turn was completed
 * when none was.
 */
export function describeUsageLine(
  form: EmitForm,
  facts: InvocationFacts,
  codexEnd: CodexEnd = facts,
): string | undefined {
  const { responses, endedAtMs } = facts;
  if (responses.length === 0) return undefined;
  const usage = toCodexUsage(sumUsage(responses.map((response) => response.usage)));
  const ours = { total_cost_usd: sumWholeCost(facts), [OWN_KEY]: toOwnFigures(facts) };
  if (form === 'turn.completed') return isDone(codexEnd) ? JSON.stringify({ type: form, usage, ...ours }) : undefined;
  const counted = { ...usage, total_tokens: usage.input_tokens + usage.output_tokens };
  // The line stands for the whole invocation, and so does its last step: a program that adds up steps gets the right sum.
  const info = { total_token_usage: counted, last_token_usage: counted, model_context_window: null };
  const count = { type: 'token_count', info, rate_limits: null };
  // As session files have it, in `payload`, and as Codex before 0.44 printed it, in `msg`.
  const record = { timestamp: toIso(endedAtMs), type: 'event_msg', payload: count, id: OWN_KEY, msg: count };
  return JSON.stringify({ ...record, ...ours });
}

/** How Codex itself ended, whatever became of the budget. */
type CodexEnd = Pick<InvocationFacts, 'status' | 'signal'>;

/** Programs read `turn.completed` as a success. Codex 0.98 ends with 0 when it is interrupted, so a signal counts as well. */
function isDone({ status, signal }: CodexEnd): boolean {
  return status === 'completed' && signal === undefined;
}

/** Names the counters as Codex does since 0.145. */
function toCodexUsage(usage: Usage) {
  return {
    input_tokens: usage.input,
    cached_input_tokens: usage.cachedInput,
    cache_write_input_tokens: usage.cacheWrite,
    output_tokens: usage.output,
    reasoning_output_tokens: usage.reasoning,
  };
}

/** Null when any response has no price, so that no program takes a part of the cost for the whole. */
function sumWholeCost({ responses }: InvocationFacts): number | null {
  if (responses.some(isUnpriced)) return null;
  return responses.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0) / 1e9;
}

function toOwnFigures({ invocation, iteration, threadId, status, exitCode, responses }: InvocationFacts): object {
  const { projectId, runId, phase } = invocation.attribution;
  return {
    schemaVersion: SCHEMA_VERSION,
    ...{ invocationId: invocation.id, projectId, runId, phase, iteration: iteration ?? null },
    ...{ threadId: threadId ?? null, status, exitCode: exitCode ?? null },
    ...toTotalsJson(responses),
  };
}
