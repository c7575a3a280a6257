import { UNKNOWN_MODEL } from '../agents/codex/thread-state.js';
import { isPossibleUsage, noteImpossible } from '../usage/count.js';
import type { ModelResponse, Note } from '../usage/record.js';
import { findRunUsage, findRunUsageOfBlend, type RecordedBefore } from '../usage/resumed-total.js';
import type { Evidence, Source } from '../usage/source.js';
import { isNoUsage, NO_USAGE, sumUsage, type Usage } from '../usage/usage.js';
import type { OutputFacts } from './output-reader.js';

/** The evidence that remains when no session file counted a response. */
export interface FallbackInput {
  readonly invocationId: string;
  readonly facts: OutputFacts;
  /** `--model`, when it was given; Codex's human-readable output names the model too. */
  readonly model: string | undefined;
  /** The thread had turns before this invocation, which Codex's totals may include. */
  readonly resumed: boolean;
  /** What is recorded of the thread before this invocation. */
  readonly recordedBefore: RecordedBefore;
  readonly endedAtMs: number;
  /** Why no session file counted: there is none, it cannot be reached, or it counts nothing of this run. */
  readonly missing: string;
}

export interface Fallback {
  readonly responses: readonly ModelResponse[];
  readonly notes: readonly Note[];
}

/**
 * Takes the next best evidence. First Codex's `turn.completed`: exact for the turns of a new thread, and less certain for a
 * resumed one. Then the footer of its human-readable output, which does not separate input from output and leaves cached
 * input out. When there is neither, nothing is recorded and a note says so.
 */
export function fallBack(input: FallbackInput): Fallback {
  const { turnTotals, blendedTokens = 0 } = input.facts;
  const { responses, notes } = fromTurns(input) ?? fromFooter(input) ?? fromNothing(input);
  const impossible = [
    ...noteImpossible(sumUsage(turnTotals), 'turn_completed'),
    ...noteImpossible({ ...NO_USAGE, input: blendedTokens }, 'text'),
  ];
  return { responses, notes: [...impossible, ...notes] };
}

function fromTurns(input: FallbackInput): Fallback | undefined {
  const { facts, resumed, recordedBefore, missing } = input;
  const claimed = sumUsage(facts.turnTotals);
  if (isNoUsage(claimed) || !isPossibleUsage(claimed, 'turn_completed')) return undefined;
  if (!resumed) {
    const reason = `${missing}: counted per turn from turn.completed, which leaves out sub-agents and reviews`;
    return recordOne(input, claimed, 'turn_completed', 'actual', reason);
  }
  const { part, usage } = findRunUsage(claimed, recordedBefore);
  if (part === 'nothing') return nothingNew(missing, 'turn.completed', claimed);
  const isFirst = isNoUsage(recordedBefore.usage);
  const reason = `${missing}: turn.completed of a resumed thread${isFirst ? HOLDS_EARLIER : LEAVES[part]}`;
  return recordOne(input, usage, 'turn_completed', 'parsed', reason);
}

const HOLDS_EARLIER = ", which holds the earlier turns' usage too";
const LEAVES = {
  rest: ' less what is recorded of its earlier turns',
  all: ", which is this run's own: it is less than what is recorded of its earlier turns",
} as const;

function fromFooter(input: FallbackInput): Fallback | undefined {
  const { facts, resumed, recordedBefore, missing } = input;
  const printed = { ...NO_USAGE, input: facts.blendedTokens ?? 0 };
  if (isNoUsage(printed) || !isPossibleUsage(printed, 'text')) return undefined;
  const share = resumed ? findRunUsageOfBlend(printed.input, recordedBefore) : undefined;
  if (share?.part === 'nothing') return nothingNew(missing, 'the printed total', printed);
  const usage = share?.usage ?? printed;
  const less = share?.part === 'rest' ? ' less what is recorded of earlier turns' : '';
  const reason = `${missing}: the printed total${less}, which leaves cached input out and counts output as input here`;
  return recordOne(input, usage, 'text', 'parsed', reason);
}

/** All that the total includes is recorded already, for an earlier run of the thread or from its session file. */
function nothingNew(missing: string, what: string, { input, cachedInput: cached, output }: Usage): Fallback {
  const reason = `${missing}, and all that ${what} holds is recorded already: nothing is added`;
  return { responses: [], notes: [{ kind: 'fallback', reason, figures: { input, cached, output } }] };
}

function fromNothing({ facts, missing }: FallbackInput): Fallback {
  const reason = `no evidence of what was used: ${missing}, and no counts of it in the output`;
  return { responses: [], notes: [{ kind: 'fallback', reason, figures: { turns: facts.turnTotals.length } }] };
}

function recordOne(
  { invocationId, facts, model = facts.model, endedAtMs }: FallbackInput,
  usage: Usage,
  evidence: Evidence,
  source: Source,
  reason: string,
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
