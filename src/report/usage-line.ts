import { type EmitForm, OWN_KEY } from '../usage/options.js';
import { isUnpriced } from '../usage/record.js';
import { sumUsage, type Usage } from '../usage/usage.js';
import { type InvocationFacts, toTotalsJson } from './invocation-json.js';
import { SCHEMA_VERSION, toIso } from './sums-json.js';

/**
 * What an invocation used, as one line of JSON in the shape of a record that Codex writes, for programs that look for such a
 * record in its output. Undefined where there is nothing to say: no usage is known, or the form says that a turn was
 * completed and none was.
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
  // The line stands for the whole run. What is said of the last step is the run too, so that whoever adds up steps is right.
  const info = { total_token_usage: counted, last_token_usage: counted, model_context_window: null };
  const count = { type: 'token_count', info, rate_limits: null };
  // As session files have it, in `payload`, and as Codex before 0.44 printed it, in `msg`.
  const record = { timestamp: toIso(endedAtMs), type: 'event_msg', payload: count, id: OWN_KEY, msg: count };
  return JSON.stringify({ ...record, ...ours });
}

/** How Codex itself ended, whatever became of the budget. */
type CodexEnd = Pick<InvocationFacts, 'status' | 'signal'>;

/** Programs take `turn.completed` for a success. Codex 0.98 ends with 0 when it is interrupted. */
function isDone({ status, signal }: CodexEnd): boolean {
  return status === 'completed' && signal === undefined;
}

/** By the names that Codex has for the counters since 0.145. */
function toCodexUsage(usage: Usage) {
  return {
    input_tokens: usage.input,
    cached_input_tokens: usage.cachedInput,
    cache_write_input_tokens: usage.cacheWrite,
    output_tokens: usage.output,
    reasoning_output_tokens: usage.reasoning,
  };
}

/** Null where the price of a part is not known: whoever reads this field alone must not take a part for the whole. */
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
