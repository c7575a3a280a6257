import type { ApiUsage } from '../agents/openai/usage.js';
import { messageOf } from '../errors.js';
import { countTokens } from '../estimate/tokenizer.js';
import { createOutputReader } from '../meter/output-reader.js';
import { createOutputSieve } from '../meter/output-sieve.js';
import { isPossibleUsage, noteImpossible } from '../usage/count.js';
import type { Note } from '../usage/record.js';
import type { Evidence, Source } from '../usage/source.js';
import { isNoUsage, NO_USAGE, sumUsage, type Usage } from '../usage/usage.js';

/** The evidence of one call, the best first. */
export interface AvailableEvidence {
  /** Counts that the API reported, as data. */
  readonly counted: ApiUsage | undefined;
  /** Output of a program, in which counts may stand as text. */
  readonly printed?: string | undefined;
  /** What the model read and wrote, for a tokenizer. */
  readonly texts: Texts | undefined;
}

export interface Texts {
  readonly input: readonly string[];
  readonly output: readonly string[];
  /** How many messages the input is made of. */
  readonly messages: number;
  /** Part of the input is not in the texts: what the API remembers, images, files. */
  readonly unseen: boolean;
  /** The call was left before its answer was whole: the model may have written more than came. */
  readonly isLeft: boolean;
}

export interface FoundUsage {
  readonly usage: Usage;
  readonly evidence: Evidence;
  readonly source: Source;
  readonly notes: readonly Note[];
}

/** No usage was found; the notes have the reason. */
export interface NothingFound {
  readonly usage: undefined;
  readonly notes: readonly Note[];
}

const NOTHING: NothingFound = {
  usage: undefined,
  notes: [noteOf('fallback', 'no evidence of what was used: no counts, and no text to estimate from')],
};
const UNREADABLE = noteOf('unreadable', 'the usage that was passed on has no counts that make sense');

/** OpenAI's chat format wraps each message, and the answer to come, in so many tokens. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_ANSWER = 3;

/** Goes down the chain actual → parsed → estimated. Never rejects. */
export async function findUsage(available: AvailableEvidence): Promise<FoundUsage | NothingFound> {
  const { printed, texts } = available;
  const counted = refuseImpossible(available.counted);
  // A program that knows no usage passes on zeros.
  if (counted?.kind === 'usage' && !isNoUsage(counted.usage)) {
    const { usage, notes } = counted;
    return { usage, notes, evidence: 'api', source: notes.length === 0 ? 'actual' : 'parsed' };
  }
  const read = readPrinted(printed);
  const found = fromTotal(counted) ?? read.found ?? (await fromTexts(texts)) ?? NOTHING;
  return { ...found, notes: [...(counted?.kind === 'unreadable' ? [UNREADABLE] : []), ...read.notes, ...found.notes] };
}

/** Counts that no response can have are no counts: what stands next in the chain is taken instead. */
function refuseImpossible(counted: ApiUsage | undefined): ApiUsage | undefined {
  if (counted?.kind !== 'usage' && counted?.kind !== 'total') return counted;
  const usage = counted.kind === 'usage' ? counted.usage : { ...NO_USAGE, input: counted.tokens };
  return isPossibleUsage(usage, 'api') ? counted : { kind: 'unreadable' };
}

function fromTotal(counted: ApiUsage | undefined): FoundUsage | undefined {
  if (counted?.kind !== 'total' || counted.tokens === 0) return undefined;
  const usage = { ...NO_USAGE, input: counted.tokens };
  return step('text', 'parsed', usage, 'only a total is known: it counts as input here');
}

/** Reads Codex's own output, its JSON events or the footer of the human-readable one; notes are on totals that cannot be. */
function readPrinted(printed: string | undefined): { found?: FoundUsage; notes: readonly Note[] } {
  if (!printed) return { notes: [] };
  const claimed = sumUsage(readOutput(printed, 'json').turnTotals);
  const footer = { ...NO_USAGE, input: readOutput(printed, 'human').blendedTokens ?? 0 };
  const notes = [...noteImpossible(claimed, 'turn_completed'), ...noteImpossible(footer, 'text')];
  if (!isNoUsage(claimed) && isPossibleUsage(claimed, 'turn_completed')) {
    return { found: step('turn_completed', 'parsed', claimed, 'counted from turn.completed in the output'), notes };
  }
  if (isNoUsage(footer) || !isPossibleUsage(footer, 'text')) return { notes };
  const reason = 'the printed total, which leaves cached input out and counts output as input here';
  return { found: step('text', 'parsed', footer, reason), notes };
}

function readOutput(printed: string, output: 'json' | 'human') {
  const reader = createOutputReader(output, () => undefined);
  const sieve = createOutputSieve(output, reader.take);
  sieve.push(Buffer.from(printed), 0);
  sieve.end();
  return reader.facts;
}

async function fromTexts(texts: Texts | undefined): Promise<FoundUsage | NothingFound | undefined> {
  if (!texts || [...texts.input, ...texts.output].join('') === '') return undefined;
  try {
    const counts = await countTokens([...texts.input, ...texts.output]);
    const sum = (part: number[]) => part.reduce((total, tokens) => total + tokens, 0);
    const read = sum(counts.slice(0, texts.input.length));
    const around = texts.input.length > 0 ? texts.messages * TOKENS_PER_MESSAGE + TOKENS_PER_ANSWER : 0;
    const usage = { ...NO_USAGE, input: read + around, output: sum(counts.slice(texts.input.length)) };
    return step('tokenizer', 'estimated', usage, describeEstimate(texts));
  } catch (error) {
    const reason = `no usage was reported, and it could not be estimated: ${messageOf(error)}`;
    return { usage: undefined, notes: [noteOf('fault', reason)] };
  }
}

function describeEstimate({ input, output, unseen, isLeft }: Texts): string {
  if (input.length === 0) return 'no usage was reported: the output was counted by a tokenizer, the input is not known';
  const whole = 'no usage was reported: counted by a tokenizer from what was sent and answered';
  const missing = [...(unseen ? ['what the API remembers, images and files'] : [])];
  if (isLeft) missing.push(output.length > 0 ? 'what was written after the call was left' : 'what was written unseen');
  return missing.length > 0 ? `${whole}, without ${missing.join(' and without ')}` : whole;
}

function step(evidence: Evidence, source: Source, usage: Usage, reason: string): FoundUsage {
  const figures = { source, input: usage.input, cached: usage.cachedInput, output: usage.output };
  return { evidence, source, usage, notes: [{ kind: 'fallback', reason, figures }] };
}

function noteOf(kind: Note['kind'], reason: string): Note {
  return { kind, reason, figures: {} };
}
