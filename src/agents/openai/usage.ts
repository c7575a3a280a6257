import * as z from 'zod/mini';
import { optionalCount as optional } from '../../formats/count.js';
import { isObject } from '../../formats/json.js';
import type { Note } from '../../usage/record.js';
import { completeUsage, type Usage } from '../../usage/usage.js';
import { isTold, readUsageDetails, type UsageDetails } from './usage-details.js';

/** What an object that should hold token counts says. */
export type ApiUsage =
  /** `notes`: why the counts are not known to be the whole truth. There are none where they are. */
  | { readonly kind: 'usage'; readonly usage: Usage; readonly notes: readonly Note[] }
  /** Only how many tokens there were in all. */
  | { readonly kind: 'total'; readonly tokens: number }
  /** The object has places for counts, and nobody filled them in. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' };

/** The names that counters go by, over the programs that report them. */
const counters = z.object({
  // Responses API; Codex; LangChain; Anthropic, whose input leaves its cached tokens out.
  input_tokens: optional,
  output_tokens: optional,
  cached_input_tokens: optional,
  cache_write_input_tokens: optional,
  reasoning_output_tokens: optional,
  cache_read_input_tokens: optional,
  cache_creation_input_tokens: optional,
  // Chat Completions API.
  prompt_tokens: optional,
  completion_tokens: optional,
  total_tokens: optional,
  // The AI SDK since 5, and other programs in JavaScript.
  inputTokens: optional,
  outputTokens: optional,
  cachedInputTokens: optional,
  cacheWriteTokens: optional,
  reasoningTokens: optional,
  totalTokens: optional,
  // The AI SDK before 5, and LangChain's `tokenUsage`.
  promptTokens: optional,
  completionTokens: optional,
  // Our own.
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
  const told = Object.entries(value).map(([name, part]) => [name, isTold(part) ? readTotal(name, part) : null]);
  const parsed = counters.safeParse(Object.fromEntries(told));
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

/** The AI SDK's model providers have an object for each of the two, with a total in it. */
function readTotal(name: string, value: unknown): unknown {
  return (name === 'inputTokens' || name === 'outputTokens') && isObject(value) ? value.total : value;
}

type Parts = UsageDetails['counters'];

/** The parts that stand beside the counters themselves: they go before those of detail objects. */
function readParts(raw: Counters): Parts {
  const told = {
    cachedInput: raw.cache_read_input_tokens ?? raw.cached_input_tokens ?? raw.cachedInputTokens ?? raw.cachedInput,
    cacheWrite:
      raw.cache_creation_input_tokens ?? raw.cache_write_input_tokens ?? raw.cacheWriteTokens ?? raw.cacheWrite,
    reasoning: raw.reasoning_output_tokens ?? raw.reasoningTokens ?? raw.reasoning,
  };
  return Object.fromEntries(Object.entries(told).filter(([, count]) => !isMissing(count)));
}

/** Anthropic counts what it read from its cache and wrote into it beside the input. */
function readBeside({ cache_read_input_tokens: read, cache_creation_input_tokens: created }: Counters): number {
  return (read ?? 0) + (created ?? 0);
}

function describeDoubts(raw: Counters, { cachedInput }: Parts, unknown: readonly string[]): Note[] {
  const notes: Note[] = [];
  if (unknown.length > 0) {
    const reason = 'the usage has details that are not known here: what they say of its price is left out';
    notes.push({ kind: 'unreadable', reason, figures: { details: unknown.join(', ') } });
  }
  // This form has no place for them; a form that has one, and is empty there, says that there were none.
  if (!isMissing(raw.promptTokens ?? raw.completionTokens) && cachedInput === undefined) {
    const reason = 'the form of the usage has no place for cached tokens: all input counts as fresh';
    notes.push({ kind: 'fallback', reason, figures: {} });
  }
  return notes;
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}
