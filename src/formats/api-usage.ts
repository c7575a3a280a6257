import * as z from 'zod/mini';
import type { Usage } from '../usage/usage.js';
import { optionalCount as optional } from './count.js';

/** What an object that should hold token counts says. `total`: only how many tokens there were in all. */
export type ApiUsage =
  | { readonly kind: 'usage'; readonly usage: Usage }
  | { readonly kind: 'total'; readonly tokens: number }
  | { readonly kind: 'unreadable' };

const details = z.nullish(
  z.object({ cached_tokens: optional, cache_write_tokens: optional, reasoning_tokens: optional }),
);

/** The names that counters go by, over the programs that report them. */
const counters = z.object({
  // Responses API; Codex; Anthropic, whose input leaves its cached tokens out.
  input_tokens: optional,
  output_tokens: optional,
  input_tokens_details: details,
  output_tokens_details: details,
  cached_input_tokens: optional,
  cache_write_input_tokens: optional,
  reasoning_output_tokens: optional,
  cache_read_input_tokens: optional,
  cache_creation_input_tokens: optional,
  // Chat Completions API.
  prompt_tokens: optional,
  completion_tokens: optional,
  prompt_tokens_details: details,
  completion_tokens_details: details,
  total_tokens: optional,
  // The same in camel case, as programs in JavaScript pass it on.
  inputTokens: optional,
  outputTokens: optional,
  promptTokens: optional,
  completionTokens: optional,
  cachedInputTokens: optional,
  cacheWriteTokens: optional,
  reasoningTokens: optional,
  totalTokens: optional,
  // Our own.
  input: optional,
  cachedInput: optional,
  cacheWrite: optional,
  output: optional,
  reasoning: optional,
});

type Counters = z.infer<typeof counters>;

/**
 * Reads the counters of a `usage` object: of OpenAI's Responses and Chat Completions APIs, of Codex, of Anthropic, in
 * camel case, or our own `Usage`. Counters that contradict each other are unreadable, never mended.
 */
export function parseApiUsage(value: unknown): ApiUsage {
  const parsed = counters.safeParse(value);
  if (!parsed.success) return { kind: 'unreadable' };
  const raw = parsed.data;
  const input = raw.input_tokens ?? raw.prompt_tokens ?? raw.inputTokens ?? raw.promptTokens ?? raw.input;
  const output = raw.output_tokens ?? raw.completion_tokens ?? raw.outputTokens ?? raw.completionTokens ?? raw.output;
  if (isMissing(input) && isMissing(output)) {
    const tokens = raw.total_tokens ?? raw.totalTokens;
    return isMissing(tokens) ? { kind: 'unreadable' } : { kind: 'total', tokens };
  }
  const usage = { ...readParts(raw, input ?? 0), output: output ?? 0, reasoning: readReasoning(raw) };
  const fits = usage.cachedInput + usage.cacheWrite <= usage.input && usage.reasoning <= usage.output;
  return fits ? { kind: 'usage', usage } : { kind: 'unreadable' };
}

function readParts(raw: Counters, input: number): Pick<Usage, 'input' | 'cachedInput' | 'cacheWrite'> {
  const { cache_read_input_tokens: read, cache_creation_input_tokens: created } = raw;
  if (!isMissing(read) || !isMissing(created)) {
    return { input: input + (read ?? 0) + (created ?? 0), cachedInput: read ?? 0, cacheWrite: created ?? 0 };
  }
  const parts = raw.input_tokens_details ?? raw.prompt_tokens_details;
  const cached = raw.cached_input_tokens ?? raw.cachedInputTokens ?? raw.cachedInput;
  const written = raw.cache_write_input_tokens ?? raw.cacheWriteTokens ?? raw.cacheWrite;
  return {
    input,
    cachedInput: cached ?? parts?.cached_tokens ?? 0,
    cacheWrite: written ?? parts?.cache_write_tokens ?? 0,
  };
}

function readReasoning(raw: Counters): number {
  const parts = raw.output_tokens_details ?? raw.completion_tokens_details;
  const told = raw.reasoning_output_tokens ?? raw.reasoningTokens ?? raw.reasoning;
  return told ?? parts?.reasoning_tokens ?? 0;
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}
