import { isObject } from '../../formats/json.js';
import { isCount } from '../../usage/count.js';
import { completeUsage, type Usage } from '../../usage/usage.js';

/**
 * Reads the counters as Codex writes them, in its stream and in its session files: undefined where one of them is no count.
 * `reasoning_output_tokens` came with 0.125 in the stream, `cache_write_input_tokens` with 0.145 (measured on the npm builds).
 * Without zod: a history has these by the million, and a schema takes five times as long.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const { input_tokens: input, output_tokens: output } = value;
  const cachedInput = value.cached_input_tokens ?? 0;
  const cacheWrite = value.cache_write_input_tokens ?? 0;
  const reasoning = value.reasoning_output_tokens ?? 0;
  const areCounts = isCount(input) && isCount(cachedInput) && isCount(cacheWrite) && isCount(output);
  return areCounts && isCount(reasoning)
    ? completeUsage({ input, cachedInput, cacheWrite, output, reasoning })
    : undefined;
}
