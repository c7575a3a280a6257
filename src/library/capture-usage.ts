import type { Phase } from '../usage/phase.js';
import { checkContext, resolveContext, type UsageContext } from './context.js';
import type { RecordedUsage } from './record-step.js';
import { recordCall, toTexts } from './record-usage.js';
import { readResult } from './result-facts.js';

/** What is known beside the result. */
export interface CaptureContext extends Omit<UsageContext, 'category'> {
  /** The model, where the result does not name it. */
  readonly model?: string | undefined;
  /** What the model was given to read, for an estimate. Never stored. */
  readonly input?: string | readonly string[] | undefined;
}

/**
 * Records what a phase used from its result: an object that may carry `usage`, output text, or neither, or that promises
 * them. Counts as data are taken first, then counts that a program printed into its output, then a tokenizer's. Rejects with
 * a UsageError for a phase or context that makes no sense, and for nothing else.
 */
export async function captureUsage(
  phase: Phase,
  result: unknown,
  context: CaptureContext = {},
): Promise<RecordedUsage> {
  const completedAtMs = Date.now();
  const whole = { ...context, category: phase };
  checkContext(whole);
  const { output, model, ...facts } = await readResult(result);
  return recordCall(resolveContext(whole, completedAtMs), {
    ...{ command: 'model call', startedAtMs: completedAtMs, completedAtMs, status: 'completed' },
    ...{ counted: facts.counted, responseId: facts.responseId, serviceTier: facts.serviceTier },
    printed: output,
    texts: output === undefined ? undefined : toTexts(context.input, output),
    model: model ?? context.model,
  });
}
