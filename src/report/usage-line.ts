import { type EmitForm, OWN_KEY } from '../usage/options.js';
import { isUnpriced } from '../usage/record.js';
import { sumUsage, type Usage } from '../usage/usage.js';
import { type InvocationFacts, toTotalsJson } from './invocation-json.js';
import { SCHEMA_VERSION, toIso } from './sums-json.js';

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
