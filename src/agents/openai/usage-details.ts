import { isObject, type JsonObject } from '../../formats/json.js';
import { isCount } from '../../usage/count.js';
import type { Usage } from '../../usage/usage.js';

type DetailCounter = 'cachedInput' | 'cacheWrite' | 'reasoning';

/** The counts in the `…_details` objects of a `usage`: what its input and its output consist of. */
export interface UsageDetails {
  /** A counter that no object has is absent, which is not the same as 0. */
  readonly counters: Partial<Pick<Usage, DetailCounter>>;
  /** Names of details that are not known here and are not zero. */
  readonly unknown: readonly string[];
  /** Whether a known detail holds something that is no count. */
  readonly isImpossible: boolean;
}

/** The counter that each detail belongs to. `plain` tokens have no price of their own; audio and images do, so they are not known here. */
type Meanings = Readonly<Record<string, DetailCounter | 'plain'>>;

const INPUT: Meanings = {
  // These are the names in OpenAI's APIs.
  cached_tokens: 'cachedInput',
  cache_write_tokens: 'cacheWrite',
  text_tokens: 'plain',
  // LangChain uses this name.
  cache_read: 'cachedInput',
  cache_creation: 'cacheWrite',
  text: 'plain',
  // The results of the AI SDK have these since its version 6.
  cacheReadTokens: 'cachedInput',
  cacheWriteTokens: 'cacheWrite',
  noCacheTokens: 'plain',
  // The AI SDK's model providers have these in `inputTokens`, which is an object there.
  total: 'plain',
  cacheRead: 'cachedInput',
  cacheWrite: 'cacheWrite',
  noCache: 'plain',
};

const OUTPUT: Meanings = {
  reasoning_tokens: 'reasoning',
  text_tokens: 'plain',
  accepted_prediction_tokens: 'plain',
  rejected_prediction_tokens: 'plain',
  // LangChain and the AI SDK's model providers use this name.
  reasoning: 'reasoning',
  text: 'plain',
  total: 'plain',
  // The results of the AI SDK have these since its version 6.
  reasoningTokens: 'reasoning',
  textTokens: 'plain',
};

const DETAILS: ReadonlyMap<string, Meanings> = new Map([
  ['input_tokens_details', INPUT],
  ['prompt_tokens_details', INPUT],
  ['input_token_details', INPUT],
  ['inputTokenDetails', INPUT],
  ['inputTokens', INPUT],
  ['output_tokens_details', OUTPUT],
  ['completion_tokens_details', OUTPUT],
  ['output_token_details', OUTPUT],
  ['outputTokenDetails', OUTPUT],
  ['outputTokens', OUTPUT],
]);

/** Details that are no counts. OpenRouter reports here what it paid, in USD. */
const NOT_COUNTS = new Set(['cost_details']);
const SAFE_NAME = /^[\w.-]{1,80}$/;

/** Reads the detail objects of `usage`, and finds those that are not known. */
export function readUsageDetails(usage: JsonObject): UsageDetails {
  const counters: { [counter in DetailCounter]?: number } = {};
  const unknown: string[] = [];
  let isImpossible = false;
  for (const { name, meaning, value } of listDetails(usage)) {
    if (meaning === undefined) {
      if (isNotZero(value)) unknown.push(SAFE_NAME.test(name) ? name : '?');
    } else if (isPresent(value)) {
      if (!isCount(value)) isImpossible = true;
      else if (meaning !== 'plain') counters[meaning] ??= value;
    }
  }
  return { counters, unknown, isImpossible };
}

interface Detail {
  readonly name: string;
  /** Undefined: the detail is not known. */
  readonly meaning: DetailCounter | 'plain' | undefined;
  readonly value: unknown;
}

function listDetails(usage: JsonObject): Detail[] {
  return Object.entries(usage).flatMap(([name, part]): Detail[] => {
    const meanings = DETAILS.get(name);
    if (meanings && isObject(part)) {
      return Object.entries(part).map(([key, value]) => {
        return { name: `${name}.${key}`, meaning: Object.hasOwn(meanings, key) ? meanings[key] : undefined, value };
      });
    }
    return /detail/i.test(name) && !NOT_COUNTS.has(name) ? [{ name, meaning: undefined, value: part }] : [];
  });
}

/** Whether a value was reported. The AI SDK before 5 has NaN where none was. */
export function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined && !Number.isNaN(value);
}

/** False for zero and for an object of zeros, which can be left out without losing a count. */
function isNotZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(isNotZero);
  return Boolean(value);
}
