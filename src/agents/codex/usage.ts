import * as z from 'zod/mini';
import { count, optionalCount } from '../../formats/count.js';
import { completeUsage, type Usage } from '../../usage/usage.js';

/**
 * The counters as Codex writes them, in its stream and in its session files. `reasoning_output_tokens` came with
 * 0.125 in the stream, `cache_write_input_tokens` with 0.145: measured on the npm builds.
 */
export const codexUsage = z.pipe(
  z.object({
    input_tokens: count,
    cached_input_tokens: optionalCount,
    cache_write_input_tokens: optionalCount,
    output_tokens: count,
    reasoning_output_tokens: optionalCount,
  }),
  z.transform(
    (raw): Usage =>
      completeUsage({
        input: raw.input_tokens,
        cachedInput: raw.cached_input_tokens,
        cacheWrite: raw.cache_write_input_tokens,
        output: raw.output_tokens,
        reasoning: raw.reasoning_output_tokens,
      }),
  ),
);
