import { chooseCostFormat, cleanText, formatCount, formatDuration, formatPlural } from './amounts.js';
import { type CostPart, totalOf } from './cost-split.js';
import type { CacheMiss, Cause, CauseKind } from './why-causes.js';
import type { ExplainedResponse, WhyReport } from './why-report.js';

export const PART_NAMES: Readonly<Record<CostPart, string>> = {
  uncachedInput: 'Uncached input',
  cachedInput: 'Cached input',
  cacheWrite: 'Cache write',
  output: 'Output',
  reasoning: 'Reasoning',
  fees: 'Fees',
  unsplit: 'Rates not known',
};

/** A kind of cause in words. */
interface CauseWords {
  /** In a list of causes. */
  readonly name: string;
  /** Explains a response by it in sentences. `tokens`, `cost` and `input`, which is that of the response, are written already. */
  readonly explain: (cause: { tokens: string; cost: string; input: string; miss: CacheMiss | undefined }) => string;
  /** What to change. Undefined where nothing can be. */
  readonly advise?: (cause: Cause) => string;
}

export const CAUSES: Readonly<Record<CauseKind, CauseWords>> = {
  'cache-miss': {
    name: 'cache misses',
    explain: ({ cost, miss }) =>
      `Cache miss: ${miss ? describeMiss(miss) : ''} It cost ${cost} more than from the cache.`,
    advise({ miss }) {
      if (miss?.modelBefore !== undefined)
        return 'keep one model within a thread; start a new thread for another model.';
      return miss && miss.gapMs > 5 * 60_000
        ? 'resume a thread within minutes, while the cache still holds it, or begin a new thread with a short summary instead of resuming a long one.'
        : 'look for what changes at the beginning of the request (tools, instructions, the time of day): the cache holds only what is the same from the start.';
    },
  },
  'context-shortened': {
    name: 'input sent anew because the thread was shortened',
    explain: ({ tokens, cost, input, miss }) =>
      `The thread was shortened from ${formatCount(miss?.inputBefore ?? 0)} to ${input} tokens (a compaction, an edit, a new page), so ${tokens} tokens were billed as new: ${cost} more than from the cache.`,
    advise: () => 'let Codex compact less often, or work in shorter threads: each compaction has the rest sent anew.',
  },
  'first-request': {
    name: 'first requests of threads',
    explain: ({ tokens, cost }) =>
      `The first request of its thread: ${tokens} tokens of instructions and prompt that no cache had, ${cost}.`,
    advise: () =>
      'resume one thread for several steps, or shorten AGENTS.md and the prompt: each new thread sends them anew.',
  },
  'child-thread': {
    name: 'first requests of sub-agents and reviews',
    explain: ({ tokens, cost }) =>
      `The first request of a sub-agent or review: ${tokens} tokens that no cache had, ${cost}.`,
    advise: () => 'use fewer sub-agents, or give each more to do: each begins with instructions that no cache has.',
  },
  'context-growth': {
    name: 'new input',
    explain: ({ tokens, cost }) =>
      `${tokens} tokens of input were new since the response before it, such as files and the output of tools: ${cost}.`,
    advise: () =>
      'have tools print less (tool_output_token_limit in config.toml limits it), and name the files that are to be read.',
  },
  'context-length': {
    name: 'input read from the cache',
    explain: ({ tokens, cost }) =>
      `${tokens} tokens of earlier context were sent again and read from the cache: ${cost}.`,
    advise: () => 'begin a new thread, or compact, sooner: all of a long thread is sent with each response.',
  },
  'long-context': {
    name: 'the higher price of long requests',
    explain: ({ tokens, cost }) =>
      `Its input of ${tokens} tokens is billed at the higher price of long requests: ${cost} more.`,
    advise: () =>
      'compact before the request is that long (model_auto_compact_token_limit in config.toml), or begin a new thread.',
  },
  tier: {
    name: 'the service tier',
    explain: ({ cost }) => `It was billed at the price of another service tier: ${cost} more than standard.`,
    advise: () => 'leave service_tier in config.toml at its default where nobody waits for the answer.',
  },
  reasoning: {
    name: 'reasoning',
    explain: ({ tokens, cost }) => `${tokens} tokens of reasoning: ${cost}.`,
    advise: () => 'try a lower model_reasoning_effort for this phase.',
  },
  output: { name: 'output', explain: ({ tokens, cost }) => `${tokens} tokens of output: ${cost}.` },
};

function describeMiss({ sentBeforeTokens, cachedTokens, gapMs, modelBefore }: CacheMiss): string {
  const [sent, cached] = [formatCount(sentBeforeTokens), formatCount(cachedTokens)];
  const seen = `the response before had sent ${sent} tokens of it, ${cached} were read from the cache`;
  const changed = ` The model had been ${cleanText(modelBefore ?? '')}, and each model has a cache of its own.`;
  return `${seen}, ${formatDuration(gapMs)} later.${modelBefore === undefined ? '' : changed}`;
}

/** Explains what a response cost by its dearest cause, in sentences. */
export function explainResponse({ response, cause }: Pick<ExplainedResponse, 'response' | 'cause'>): string {
  if (!cause) return 'Not known: nothing that was recorded explains it.';
  const cost = chooseCostFormat([cause.nanoUsd])(cause.nanoUsd);
  const [tokens, input] = [formatCount(cause.tokens), formatCount(response.input)];
  return CAUSES[cause.kind].explain({ tokens, cost, input, miss: cause.miss });
}

/** A cause that is less than this part of the cost is not worth a change. */
const WORTH_SHARE = 0.1;

/** The one thing to change, from the dearest cause that can be changed. */
export function describeNextStep({ causes, split }: WhyReport): string {
  const total = totalOf(split);
  const worth = total * WORTH_SHARE;
  const first = causes.find(({ kind, nanoUsd }) => CAUSES[kind].advise && nanoUsd >= worth);
  const advice = first && CAUSES[first.kind].advise?.(first.example);
  if (!advice && split.unsplit.nanoUsd > total / 2) {
    return 'Next step: ask codex-usage why on the machine that recorded it, which knows at which rates it was charged.';
  }
  return `Next step: ${advice ?? 'nothing stands out: what was paid for is new input and what the model wrote.'}`;
}

/** What the counts do not show, said so that nobody takes its absence for a finding. */
const NOT_KNOWN =
  'Not known: whether a request was a retry, and with which effort the model reasoned. Codex does not record either with its counts.';

/** Says in sentences what the report leaves out, and what the counts cannot show. */
export function describeGaps({ report, split, unpricedResponses, pricedResponses }: WhyReport): string[] {
  if (pricedResponses + unpricedResponses === 0) return ['No response was recorded.'];
  const verb = unpricedResponses === 1 ? 'is' : 'are';
  const isGuess = report.sources.some(({ source }) => source !== 'actual');
  return [
    ...(unpricedResponses === 0
      ? []
      : [`${formatPlural(unpricedResponses, 'response')} without a known price ${verb} left out.`]),
    ...(split.unsplit.nanoUsd === 0
      ? []
      : [
          'The rates of some responses are not recorded here: their cost is known, and neither its parts nor its causes.',
        ]),
    ...(isGuess ? ['Some counts were not reported by the API: they are estimates.'] : []),
    NOT_KNOWN,
  ];
}
