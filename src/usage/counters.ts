const LIST = [
  { name: 'input', column: 'input_tokens', json: 'inputTokens', label: 'Input', billed: true },
  {
    name: 'cachedInput',
    column: 'cached_input_tokens',
    json: 'cachedInputTokens',
    label: 'Cached',
    within: 'input',
    billed: true,
  },
  {
    name: 'cacheWrite',
    column: 'cache_write_tokens',
    json: 'cacheWriteTokens',
    label: 'Cache wr.',
    within: 'input',
    billed: true,
    omittedBy: ['codex'],
    shown: 'where used',
  },
  { name: 'output', column: 'output_tokens', json: 'outputTokens', label: 'Output', billed: true },
  {
    name: 'reasoning',
    column: 'reasoning_tokens',
    json: 'reasoningTokens',
    label: 'Reasoning',
    within: 'output',
    billed: false,
    omittedBy: ['codex', 'claude'],
  },
] as const;

export type CounterName = (typeof LIST)[number]['name'];

/** What is known of a counter. */
export interface Counter {
  /** The field of `Usage`, and of a row that a query reads. */
  readonly name: CounterName;
  /** The column in every table that has counters. */
  readonly column: string;
  /** The key in all JSON. */
  readonly json: keyof TokensJson;
  /** The heading of its column in tables, on the terminal and in the browser. */
  readonly label: string;
  /** The counter that includes this one. Undefined: it is one of the two that make up the total. */
  readonly within?: CounterName;
  /** Whether its tokens have a price of their own, or cost what those of the counter around it cost. */
  readonly billed: boolean;
  /** Agents whose older versions do not report it: a 0 of theirs can mean that nothing is known. */
  readonly omittedBy?: readonly ('codex' | 'claude')[];
  /** Tables have a column for it in any case when absent, and otherwise (on the terminal alone) where it is not 0. */
  readonly shown?: 'where used';
  /** The version of the schema that brought it; what was recorded before has a 0. Undefined: the first one had it. */
  readonly since?: number;
}

/**
 * The counters of a response that are summed up and shown. SQL, JSON, tables, the page and the rules of what a count can be
 * are made from this list. A new counter is appended to it and gets a migration; AGENTS.md has the recipe.
 */
export const COUNTERS: readonly Counter[] = LIST;

/**
 * The part of `cacheWrite` that is kept for an hour, which Anthropic bills dearer. It is recorded of each response, beside
 * its usage, and no report sums it up.
 */
export const CACHE_WRITE_1H = {
  name: 'cacheWrite1h',
  column: 'cache_write_1h_tokens',
  label: '1 h',
  within: 'cacheWrite',
  billed: true,
} as const;

export type ResponseCounterName = CounterName | typeof CACHE_WRITE_1H.name;

/** A counter as far as it concerns one response: how it is recorded and billed. */
export interface ResponseCounter extends Pick<Counter, 'column' | 'label' | 'within' | 'billed' | 'since'> {
  readonly name: ResponseCounterName;
}

/** What is recorded of each response, each counter after the one that it is within. */
export const RESPONSE_COUNTERS: readonly ResponseCounter[] = COUNTERS.flatMap((counter): ResponseCounter[] => {
  return counter.name === CACHE_WRITE_1H.within ? [counter, CACHE_WRITE_1H] : [counter];
});

/** The counters with a price of their own. */
export type BilledCounterName =
  | Extract<(typeof LIST)[number], { readonly billed: true }>['name']
  | typeof CACHE_WRITE_1H.name;

export interface BilledCounter extends ResponseCounter {
  readonly name: BilledCounterName;
}

export const BILLED_COUNTERS: readonly BilledCounter[] = RESPONSE_COUNTERS.filter(
  (counter): counter is BilledCounter => counter.billed,
);

/** The counters as the JSON of reports, events and the API has them. */
export type TokensJson = { readonly [One in (typeof LIST)[number] as One['json']]: number };

export function toTokensJson(usage: Readonly<Record<CounterName, number>>): TokensJson {
  return Object.fromEntries(COUNTERS.map(({ name, json }) => [json, usage[name]])) as TokensJson;
}
