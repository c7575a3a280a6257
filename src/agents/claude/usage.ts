import * as z from 'zod/mini';
import { count, optionalCount } from '../../formats/count.js';
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

/** What the Messages API tells of one message. */
export const apiUsage = z.object({
  ...counters,
  service_tier: optionalText,
  speed: optionalText,
  inference_geo: optionalText,
  server_tool_use: z.nullish(z.looseObject({ web_search_requests: optionalCount })),
  iterations: z.optional(z.unknown()),
});

export type ApiUsage = z.infer<typeof apiUsage>;

/** What another model used within a message. It is in no total of the message. */
export interface InnerResponse {
  /** What it was, and which one of its kind: the same on each line of the message. */
  readonly name: string;
  /** Undefined: it was the message's own model. */
  readonly model: string | undefined;
  readonly usage: Usage;
  readonly cacheWrite1h: number;
}

/** The Messages API counts input apart from what the cache served and took in; here they are within input. */
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
 * Fast mode is dearer: it is a tier here. Anthropic's own `priority` is capacity that was bought beforehand, and has nothing
 * to do with the priority of OpenAI, so it gets a name without a price.
 */
export function readTier({ speed, service_tier: tier }: ApiUsage): string | undefined {
  if (speed && speed !== 'standard') return speed;
  return tier === 'priority' ? 'priority capacity' : (tier ?? undefined);
}

/** Words for a place that changes nothing. */
const NO_PLACE: readonly string[] = ['', 'global', 'not_available'];
const SEARCHES = 'web_search_requests';
/** Counted by the API and free of charge: Anthropic's pricing page. */
const FREE: readonly string[] = [SEARCHES, 'web_fetch_requests'];

export function readFees({ inference_geo: geo, server_tool_use: tools }: ApiUsage): Fees | undefined {
  const place = geo?.toLowerCase() ?? '';
  const others = Object.entries(tools ?? {}).filter(([name, uses]) => {
    return name.endsWith('_requests') && !FREE.includes(name) && typeof uses === 'number' && uses > 0;
  });
  return toFees({
    webSearches: tools?.[SEARCHES] ?? 0,
    inferenceGeo: NO_PLACE.includes(place) ? undefined : place,
    unknown: others.map(([name]) => name.replace(/_requests$/, '').replaceAll('_', ' ')),
  });
}

const iteration = z.object({ type: z.string(), model: optionalText, ...counters });

/** Read from 2.1.331: an advisor, and what the API itself compacted, stand here and nowhere else. */
const INNER: ReadonlyMap<string, string> = new Map([
  ['advisor_message', 'advisor'],
  ['compaction', 'compaction'],
]);

/** What else was used within a message, and how many of its parts could not be read. */
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
