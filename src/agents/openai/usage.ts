import * as z from 'zod/mini';
import { optionalCount as optional } from '../../formats/count-schema.js';
import { isObject } from '../../formats/json.js';
import type { Note } from '../../usage/record.js';
import { completeUsage, type Usage } from '../../usage/usage.js';
import { isPresent, readUsageDetails, type UsageDetails } from './usage-details.js';

/** The counts in a `usage` object of some API or program. */
export type ApiUsage =
  /** `notes` are the reasons to doubt that the counts are complete. The list is empty when there is no doubt. */
  | { readonly kind: 'usage'; readonly usage: Usage; readonly notes: readonly Note[] }
  /** The object has only the number of all tokens. */
  | { readonly kind: 'total'; readonly tokens: number }
  /** The object has fields for counts, and they are empty. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' };

/**
 * The names of each counter. The first are those of the Responses API, Codex, LangChain and Anthropic; then come those of the
 * Chat Completions API, of the AI SDK since 5 and other programs in JavaScript, of the AI SDK before 5 and LangChain's
 * `tokenUsage`, and of the `Usage` of this library. The first name that has a count is read.
 */
const NAMES = {
  input: ['input_tokens', 'prompt_tokens', 'inputTokens', 'promptTokens', 'input'],
  output: ['output_tokens', 'completion_tokens', 'outputTokens', 'completionTokens', 'output'],
  total: ['total_tokens', 'totalTokens'],
  cachedInput: ['cache_read_input_tokens', 'cached_input_tokens', 'cachedInputTokens', 'cachedInput'],
  cacheWrite: ['cache_creation_input_tokens', 'cache_write_input_tokens', 'cacheWriteTokens', 'cacheWrite'],
  reasoning: ['reasoning_output_tokens', 'reasoningTokens', 'reasoning'],
} as const;

type Name = (typeof NAMES)[keyof typeof NAMES][number];
type Counters = Partial<Record<Name, number | null | undefined>>;

const counters = z.object(
  Object.fromEntries(
    Object.values(NAMES)
      .flat()
      .map((name) => [name, optional]),
  ),
);

/**
 * Reads the counters of a `usage` object: of OpenAI's Responses and Chat Completions APIs, of Codex, of Anthropic, of
 * LangChain, of the AI SDK, or our own `Usage`. Counters that contradict each other are unreadable, never mended.
 */
export function parseApiUsage(value: unknown): ApiUsage {
  if (!isObject(value)) return { kind: 'unreadable' };
  const given = Object.entries(value).map(([name, part]) => [name, isPresent(part) ? readTotal(name, part) : null]);
  const parsed = counters.safeParse(Object.fromEntries(given));
  const details = readUsageDetails(value);
  if (!parsed.success || details.isImpossible) return { kind: 'unreadable' };
  const raw: Counters = parsed.data;
  const [input, output] = [find(raw, 'input'), find(raw, 'output')];
  if (input === undefined && output === undefined) {
    const tokens = find(raw, 'total');
    if (tokens !== undefined) return { kind: 'total', tokens };
    return { kind: Object.keys(raw).length > 0 ? 'none' : 'unreadable' };
  }
  const parts = { ...details.counters, ...readParts(raw) };
  const usage = completeUsage({ ...parts, input: (input ?? 0) + readBeside(raw), output });
  if (usage.cachedInput + usage.cacheWrite > usage.input || usage.reasoning > usage.output) {
    return { kind: 'unreadable' };
  }
  return { kind: 'usage', usage, notes: describeDoubts(raw, parts, details.unknown) };
}

/** In the AI SDK's model providers each of the two is an object with a total. */
function readTotal(name: string, value: unknown): unknown {
  return (name === 'inputTokens' || name === 'outputTokens') && isObject(value) ? value.total : value;
}

type Parts = UsageDetails['counters'];

/** Reads the parts beside the counters. They take precedence over those in detail objects. */
function readParts(raw: Counters): Parts {
  const parts = (['cachedInput', 'cacheWrite', 'reasoning'] as const).map((counter) => [counter, find(raw, counter)]);
  return Object.fromEntries(parts.filter(([, count]) => count !== undefined));
}

function find(raw: Counters, counter: keyof typeof NAMES): number | undefined {
  const name = NAMES[counter].find((one) => typeof raw[one] === 'number');
  return name && (raw[name] ?? undefined);
}

/** Anthropic counts cache reads and cache writes beside the input. */
function readBeside({ cache_read_input_tokens: read, cache_creation_input_tokens: created }: Counters): number {
  return (read ?? 0) + (created ?? 0);
}

function describeDoubts(raw: Counters, { cachedInput }: Parts, unknown: readonly string[]): Note[] {
  const notes: Note[] = [];
  if (unknown.length > 0) {
    const reason = 'the usage has details that are not known here: what they say of its price is left out';
    notes.push({ kind: 'unreadable', reason, figures: { details: unknown.join(', ') } });
  }
  // This format has no field for cached tokens. In a format that has one, an empty field means that there were none.
  if (typeof (raw.promptTokens ?? raw.completionTokens) === 'number' && cachedInput === undefined) {
    const reason = 'the form of the usage has no place for cached tokens: all input counts as fresh';
    notes.push({ kind: 'fallback', reason, figures: {} });
  }
  return notes;
}
