import { convertToNanoUsdPerToken, type Price, type PriceEntry, type Rates } from './price.js';

/*
 * Models of Anthropic that genai-prices does not know, or whose fast mode it does not know. Sources: Anthropic's pricing page
 * (fast mode of Opus 4.6, 4.7, 4.8 and 5), and what Claude Code 2.1.332 says itself that a response costs: each rate below
 * was measured on 2026-11-28 with `claude -p` against a scripted API, one counter at a time. It agrees with genai-prices on
 * every model that both know. Prices are USD per million tokens.
 */

/** Fast mode, `priority` in the words of this program. A model without it does not offer it. */
const FAST_TWICE = { priority: 2 };
const FAST_SIX_TIMES = { priority: 6 };

/** From this day on, Opus 4.6 has no price of its own for a long context. */
const OPUS_4_6_LONG_CONTEXT_ENDED = '2026-03-13';

export const CLAUDE_PRICES: readonly Price[] = [
  list('claude-opus-5-5', usd(4, 0.2, 20), { tierMultipliers: FAST_TWICE }),
  list('claude-opus-5', usd(5, 0.5, 25), { tierMultipliers: FAST_TWICE }),
  list('claude-opus-4-8', usd(5, 0.5, 25), { tierMultipliers: FAST_TWICE }),
  list('claude-opus-4-7', usd(5, 0.5, 25), { tierMultipliers: FAST_SIX_TIMES }),
  list('claude-opus-4-6', usd(5, 0.5, 25), {
    tierMultipliers: FAST_SIX_TIMES,
    longContext: { aboveInputTokens: 200_000, rates: usd(10, 1, 37.5) },
  }),
  list('claude-opus-4-6', usd(5, 0.5, 25), { from: OPUS_4_6_LONG_CONTEXT_ENDED, tierMultipliers: FAST_SIX_TIMES }),
  list('claude-sonnet-5-5', usd(2, 0.1, 10)),
  list('claude-haiku-5-5', usd(0.1, 0.01, 0.5), {
    longContext: { aboveInputTokens: 100_000, rates: usd(0.5, 0.05, 2.5) },
  }),
  list('claude-fable-5-2', usd(8, 0.2, 40), { tierMultipliers: FAST_TWICE }),
  list('claude-mythos-5', usd(10, 1, 50)),
  list('claude-mythos-5-1', usd(10, 0.25, 50)),
  list('claude-mythos-5-2', usd(8, 0.2, 40), { tierMultipliers: FAST_TWICE }),
];

function list(model: string, rates: Rates, rest: Partial<PriceEntry> = {}): Price {
  return { model, from: null, rates, origin: 'codex-metered', ...rest };
}

/** What Anthropic keeps for five minutes costs 1.25 times the input, what it keeps for an hour twice. */
function usd(input: number, cachedInput: number, output: number): Rates {
  return {
    input: convertToNanoUsdPerToken(input),
    cachedInput: convertToNanoUsdPerToken(cachedInput),
    cacheWrite: convertToNanoUsdPerToken(input * 1.25),
    cacheWrite1h: convertToNanoUsdPerToken(input * 2),
    output: convertToNanoUsdPerToken(output),
  };
}
