import * as z from 'zod/mini';
import { count, optionalCount } from '../../formats/count-schema.js';
import { type Fees, toFees } from '../../usage/record.js';
import { completeUsage, type Usage } from '../../usage/usage.js';

export const optionalText = z.nullish(z.string());

const counters = {
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: optionalCount,
  cache_creation_input_tokens: optionalCount,
  cache_creation: z.nullish(z.object({ ephemeral_1h_input_tokens: optionalCount })),
  output_tokens_details: z.nullish(z.object({ thinking_tokens: optionalCount })),
};

/** The usage of one message as the Messages API reports it. */
export const apiUsage = z.object({
  ...counters,
  service_tier: optionalText,
  speed: optionalText,
  inference_geo: optionalText,
  server_tool_use: z.nullish(z.looseObject({ web_search_requests: optionalCount })),
  iterations: z.optional(z.unknown()),
});

export type ApiUsage = z.infer<typeof apiUsage>;

/** A response of another model within a message. The message's own counters do not include it. */
export interface InnerResponse {
  /** Its kind and its number among those of its kind: the same on each line of the message. */
  readonly name: string;
  /** Undefined: the model of the message. */
  readonly model: string | undefined;
  readonly usage: Usage;
  readonly cacheWrite1h: number;
}

/** The Messages API counts cache reads and cache writes beside the input; in `Usage` they are within it. */
export function toUsage(api: z.infer<z.ZodMiniObject<typeof counters>>): Usage {
  const cachedInput = api.cache_read_input_tokens ?? 0;
  const cacheWrite = api.cache_creation_input_tokens ?? 0;
  return completeUsage({
    input: api.input_tokens + cachedInput + cacheWrite,
    cachedInput,
    cacheWrite,
    output: api.output_tokens,
    reasoning: api.output_tokens_details?.thinking_tokens,
  });
}

/**
 * Returns the service tier. Fast mode is one, because it costs more. Anthropic's `priority` is capacity that was bought beforehand
 * and has nothing to do with OpenAI's, so it gets a name that has no price.
 */
export function readTier({ speed, service_tier: tier }: ApiUsage): string | undefined {
  if (speed && speed !== 'standard') return speed;
  return tier === 'priority' ? 'priority capacity' : (tier ?? undefined);
}

/** Values of `inference_geo` that do not change the price. */
const ANYWHERE: readonly string[] = ['', 'global', 'not_available'];
const SEARCHES = 'web_search_requests';
/** The API counts these, and they cost nothing or are counted apart (Anthropic's pricing page). */
const FREE: readonly string[] = [SEARCHES, 'web_fetch_requests'];

export function readFees({ inference_geo: geo, server_tool_use: tools }: ApiUsage): Fees | undefined {
  const region = geo?.toLowerCase() ?? '';
  const others = Object.entries(tools ?? {}).filter(([name, uses]) => {
    return name.endsWith('_requests') && !FREE.includes(name) && typeof uses === 'number' && uses > 0;
  });
  return toFees({
    webSearches: tools?.[SEARCHES] ?? 0,
    inferenceGeo: ANYWHERE.includes(region) ? undefined : region,
    unknown: others.map(([name]) => name.replace(/_requests$/, '').replaceAll('_', ' ')),
  });
}

const iteration = z.object({ type: z.string(), model: optionalText, ...counters });

/** An advisor, and a compaction by the API itself, are reported here and nowhere else (measured on 2.1.331). */
const INNER: ReadonlyMap<string, string> = new Map([
  ['advisor_message', 'advisor'],
  ['compaction', 'compaction'],
]);

/** Returns the responses of other models within a message, and how many parts could not be read. */
export function readIterations({ iterations }: ApiUsage): { inner: InnerResponse[]; unreadable: number } {
  if (iterations === undefined || iterations === null) return { inner: [], unreadable: 0 };
  if (!Array.isArray(iterations)) return { inner: [], unreadable: 1 };
  const inner: InnerResponse[] = [];
  let unreadable = 0;
  for (const one of iterations) {
    const { data } = iteration.safeParse(one);
    const kind = data && INNER.get(data.type);
    if (data?.type === 'message') continue;
    const usage = data && toUsage(data);
    if (!kind || !usage || !Number.isSafeInteger(usage.input)) unreadable++;
    else {
      const number = inner.filter(({ name }) => name.startsWith(kind)).length + 1;
      const cacheWrite1h = data.cache_creation?.ephemeral_1h_input_tokens ?? 0;
      inner.push({ name: `${kind}-${number}`, model: data.model ?? undefined, usage, cacheWrite1h });
    }
  }
  return { inner, unreadable };
}
