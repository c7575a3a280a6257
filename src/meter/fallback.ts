import { UNKNOWN_MODEL } from '../formats/codex-thread-state.js';
import type { ModelResponse, Note } from '../usage/record.js';
import type { Evidence, Source } from '../usage/source.js';
import { isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, sumUsage, type Usage } from '../usage/usage.js';
import type { OutputFacts } from './output-reader.js';

/** What is left to go by when no session file counted a response. */
export interface FallbackInput {
  readonly invocationId: string;
  readonly facts: OutputFacts;
  /** `--model`, when it was given; Codex's human-readable output names the model too. */
  readonly model: string | undefined;
  /** The thread had turns before this invocation, so Codex's totals may hold theirs. */
  readonly resumed: boolean;
  /** What is recorded of the thread before this invocation. */
  readonly recordedBefore: Usage;
  readonly endedAtMs: number;
}

export interface Fallback {
  readonly responses: readonly ModelResponse[];
  readonly notes: readonly Note[];
}

/**
 * Takes the next best evidence: Codex's `turn.completed`, exact for the thread's own turns when the thread is new and
 * a guess when it was resumed; then the footer of its human-readable output, which does not tell input from output
 * and leaves cached input out. When there is neither, nothing is recorded and a note says so.
 */
export function fallBack(input: FallbackInput): Fallback {
  return fromTurns(input) ?? fromFooter(input) ?? fromNothing(input);
}

function fromTurns(input: FallbackInput): Fallback | undefined {
  const { facts, resumed, recordedBefore } = input;
  const claimed = sumUsage(facts.turnTotals);
  if (isNoUsage(claimed)) return undefined;
  if (!resumed) {
    return recordOne(input, claimed, 'turn_completed', 'actual', {
      reason: 'no session file: counted per turn from turn.completed, which leaves out sub-agents and reviews',
    });
  }
  // Since about 0.80 a resumed thread's turn.completed is the total of all its turns (measured on 0.169).
  const difference = subtractUsage(claimed, recordedBefore);
  const usage = isNegativeUsage(difference) || isNoUsage(difference) ? claimed : difference;
  return recordOne(input, usage, 'turn_completed', 'parsed', {
    reason: isNoUsage(recordedBefore)
      ? "no session file: turn.completed of a resumed thread, which holds the earlier turns' usage too"
      : 'no session file: turn.completed of a resumed thread less what is recorded of its earlier turns',
  });
}

function fromFooter(input: FallbackInput): Fallback | undefined {
  const { blendedTokens } = input.facts;
  if (!blendedTokens) return undefined;
  const usage = { ...NO_USAGE, input: blendedTokens };
  return recordOne(input, usage, 'text', 'parsed', {
    reason: 'no session file: the printed total, which leaves cached input out and counts output as input here',
  });
}

function fromNothing({ facts }: FallbackInput): Fallback {
  const reason = 'no evidence of what was used: no session file and no counts in the output';
  return { responses: [], notes: [{ kind: 'fallback', reason, figures: { turns: facts.turnTotals.length } }] };
}

function recordOne(
  { invocationId, facts, model = facts.model, endedAtMs }: FallbackInput,
  usage: Usage,
  evidence: Evidence,
  source: Source,
  { reason }: { reason: string },
): Fallback {
  const response: ModelResponse = {
    threadId: facts.threadId ?? `invocation:${invocationId}`,
    key: `${evidence}:${invocationId}`,
    turnId: undefined,
    rootTurnId: undefined,
    model: model ?? UNKNOWN_MODEL,
    serviceTier: undefined,
    usage,
    evidence,
    source,
    completedAtMs: endedAtMs,
  };
  const figures = { source, input: usage.input, cached: usage.cachedInput, output: usage.output };
  return { responses: [response], notes: [{ kind: 'fallback', reason, figures }] };
}
