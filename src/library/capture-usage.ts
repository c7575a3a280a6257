import { type ApiUsage, parseApiUsage } from '../formats/api-usage.js';
import { isObject, readAnswer } from '../formats/openai-api.js';
import type { Phase } from '../usage/phase.js';
import { resolveContext, type UsageContext } from './context.js';
import type { RecordedUsage } from './record-step.js';
import { recordCall, toTexts } from './record-usage.js';

/** What is known beside the result. */
export interface CaptureContext extends Omit<UsageContext, 'category'> {
  /** The model, where the result does not name it. */
  readonly model?: string | undefined;
  /** What the model was given to read, for an estimate. Never stored. */
  readonly input?: string | readonly string[] | undefined;
}

/** Where programs keep what the model answered, or what a command printed. */
const OUTPUTS = ['output_text', 'outputText', 'output', 'text', 'finalResponse', 'content', 'message', 'stdout'];

/**
 * Records what a phase used from its result: an object that may carry `usage`, output text, or neither. Counts as data
 * are taken first, then counts that a program printed into its output, then a tokenizer's. Rejects with a UsageError
 * for a phase or context that makes no sense, and for nothing else.
 */
export async function captureUsage(
  phase: Phase,
  result: unknown,
  context: CaptureContext = {},
): Promise<RecordedUsage> {
  const completedAtMs = Date.now();
  const place = await resolveContext({ ...context, category: phase }, completedAtMs);
  const facts = readResult(result);
  return recordCall({
    ...{ place, completedAtMs },
    ...{ command: 'model call', startedAtMs: completedAtMs, status: 'completed' },
    counted: facts.counted,
    printed: facts.output,
    texts: facts.output === undefined ? undefined : toTexts(context.input, facts.output),
    model: facts.model ?? context.model,
    responseId: facts.responseId,
    serviceTier: facts.serviceTier,
  });
}

interface ResultFacts {
  readonly counted?: ApiUsage | undefined;
  readonly output?: string | undefined;
  readonly model?: string | undefined;
  readonly responseId?: string | undefined;
  readonly serviceTier?: string | undefined;
}

function readResult(result: unknown): ResultFacts {
  if (typeof result === 'string') return { output: result };
  if (!isObject(result)) return {};
  const answer = readAnswer(Array.isArray(result.choices) ? 'chat.completions' : 'responses', result);
  const usage = result.usage ?? result.tokenUsage ?? result.token_usage;
  const written = OUTPUTS.map((name) => result[name]).find((value) => typeof value === 'string' && value !== '');
  return {
    counted: isObject(usage) ? parseApiUsage(usage) : undefined,
    output: (written as string | undefined) ?? (answer.text || undefined),
    model: answer.model,
    // Other results have ids too: only the API's own are the same wherever a response is seen.
    responseId: /^(resp_|chatcmpl-)/.test(answer.responseId ?? '') ? answer.responseId : undefined,
    serviceTier: answer.serviceTier,
  };
}
