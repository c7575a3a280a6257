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

/** The names of counters in the programs that report them. */
const counters = z.object({
  // The Responses API, Codex, LangChain and Anthropic use these names. Anthropic's input leaves cached tokens out.
  input_tokens: optional,
  output_tokens: optional,
  cached_input_tokens: optional,
  cache_write_input_tokens: optional,
  reasoning_output_tokens: optional,
  cache_read_input_tokens: optional,
  cache_creation_input_tokens: optional,
  // The Chat Completions API uses these.
  prompt_tokens: optional,
  completion_tokens: optional,
  total_tokens: optional,
  // The AI SDK since 5 uses these, as do other programs in JavaScript.
  inputTokens: optional,
  outputTokens: optional,
  cachedInputTokens: optional,
  cacheWriteTokens: optional,
  reasoningTokens: optional,
  totalTokens: optional,
  // The AI SDK before 5 and LangChain's `tokenUsage` use these.
  promptTokens: optional,
  completionTokens: optional,
  // The `Usage` of this library uses these.
  input: optional,
  cachedInput: optional,
  cacheWrite: optional,
  output: optional,
  reasoning: optional,
});

type Counters = z.infer<typeof counters>;

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
  const raw = parsed.data;
  const input = raw.input_tokens ?? raw.prompt_tokens ?? raw.inputTokens ?? raw.promptTokens ?? raw.input;
  const output = raw.output_tokens ?? raw.completion_tokens ?? raw.outputTokens ?? raw.completionTokens ?? raw.output;
  if (isMissing(input) && isMissing(output)) {
    const tokens = raw.total_tokens ?? raw.totalTokens;
    if (!isMissing(tokens)) return { kind: 'total', tokens };
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
  const parts = {
    cachedInput: raw.cache_read_input_tokens ?? raw.cached_input_tokens ?? raw.cachedInputTokens ?? raw.cachedInput,
    cacheWrite:
      raw.cache_creation_input_tokens ?? raw.cache_write_input_tokens ?? raw.cacheWriteTokens ?? raw.cacheWrite,
    reasoning: raw.reasoning_output_tokens ?? raw.reasoningTokens ?? raw.reasoning,
  };
  return Object.fromEntries(Object.entries(parts).filter(([, count]) => !isMissing(count)));
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
  if (!isMissing(raw.promptTokens ?? raw.completionTokens) && cachedInput === undefined) {
    const reason = 'the form of the usage has no place for cached tokens: all input counts as fresh';
    notes.push({ kind: 'fallback', reason, figures: {} });
  }
  return notes;
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}
