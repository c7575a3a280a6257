import { convertToNanoUsdPerToken, type LongContext, type Price, type PriceEntry, type Rates } from './price.js';

/*
 * Sources, all OpenAI's: the pricing page and the model pages (standard, flex, long context), the Fast mode page
 * (priority), the API changelog (dates). Prices are USD per million tokens as printed there.
 */

const TIERS = { priority: 2, flex: 0.5 };
const TIERS_OF_GPT_5_5 = { priority: 2.5, flex: 0.5 };
/** Absent from the Fast mode page, or (o4-mini) listed there with a price that is not twice the standard one. */
const FLEX_ALONE = { flex: 0.5 };
/** Its model page names fast mode and batch, not flex. */
const PRIORITY_ALONE = { priority: 2 };

const GPT_5 = { from: null, rates: usd(1.25, 0.125, 10), tierMultipliers: TIERS };
const GPT_5_2 = { from: null, rates: usd(1.75, 0.175, 14), tierMultipliers: TIERS };
const GPT_5_6_SOL_AT_LAUNCH = { rates: usd(5, 0.5, 30, 6.25), tierMultipliers: TIERS };
const GPT_5_6_TERRA = { rates: usd(2, 0.2, 12, 2.5), tierMultipliers: TIERS };
const GPT_5_6_LUNA = { rates: usd(0.2, 0.02, 1.2, 0.25), tierMultipliers: TIERS };

/** Fast mode took no long input before this day (and still takes none with GPT-5.5 and older). */
const FAST_LONG_CONTEXT = '2026-08-05';

/**
 * The changes of 2026-07-30 and 2026-08-21 are price cuts. The latter is announced as holding "through at least
 * 2026-11-21": no end of it is known, so none is written here.
 */
const GPT_5_6_SOL = [
  { from: null, ...GPT_5_6_SOL_AT_LAUNCH, longContext: above272k(usd(10, 1, 45, 12.5), 'as-standard') },
  { from: FAST_LONG_CONTEXT, ...GPT_5_6_SOL_AT_LAUNCH, longContext: above272k(usd(10, 1, 45, 12.5)) },
  {
    from: '2026-08-21',
    rates: usd(4, 0.4, 20, 5),
    tierMultipliers: TIERS,
    longContext: above272k(usd(8, 0.8, 30, 10)),
  },
];

export const PRICE_TABLE: readonly Price[] = [
  ...list('gpt-5', GPT_5),
  ...list('gpt-5-codex', GPT_5),
  ...list('gpt-5.1', GPT_5),
  ...list('gpt-5.1-codex', GPT_5),
  ...list('gpt-5.1-codex-max', GPT_5),
  ...list('gpt-5.1-codex-mini', { from: null, rates: usd(0.25, 0.025, 2), tierMultipliers: FLEX_ALONE }),
  ...list('gpt-5.2', GPT_5_2),
  ...list('gpt-5.2-codex', GPT_5_2),
  ...list('gpt-5.3-codex', GPT_5_2),
  ...list('gpt-5.4', {
    from: null,
    rates: usd(2.5, 0.25, 15),
    tierMultipliers: TIERS,
    longContext: above272k(usd(5, 0.5, 22.5), 'as-standard'),
  }),
  ...list('gpt-5.4-mini', { from: null, rates: usd(0.75, 0.075, 4.5), tierMultipliers: TIERS }),
  ...list('gpt-5.5', {
    from: null,
    rates: usd(5, 0.5, 30),
    tierMultipliers: TIERS_OF_GPT_5_5,
    longContext: above272k(usd(10, 1, 45), 'as-standard'),
  }),
  ...list('gpt-5.6-sol', ...GPT_5_6_SOL),
  ...list('gpt-5.6', ...GPT_5_6_SOL), // the API's alias of gpt-5.6-sol
  ...list(
    'gpt-5.6-terra',
    {
      from: null,
      rates: usd(2.5, 0.25, 15, 3.125),
      tierMultipliers: TIERS,
      longContext: above272k(usd(5, 0.5, 22.5, 6.25), 'as-standard'),
    },
    { from: '2026-07-30', ...GPT_5_6_TERRA, longContext: above272k(usd(4, 0.4, 18, 5), 'as-standard') },
    { from: FAST_LONG_CONTEXT, ...GPT_5_6_TERRA, longContext: above272k(usd(4, 0.4, 18, 5)) },
  ),
  ...list(
    'gpt-5.6-luna',
    {
      from: null,
      rates: usd(1, 0.1, 6, 1.25),
      tierMultipliers: TIERS,
      longContext: above272k(usd(2, 0.2, 9, 2.5), 'as-standard'),
    },
    { from: '2026-07-30', ...GPT_5_6_LUNA, longContext: above272k(usd(0.4, 0.04, 1.8, 0.5), 'as-standard') },
    { from: FAST_LONG_CONTEXT, ...GPT_5_6_LUNA, longContext: above272k(usd(0.4, 0.04, 1.8, 0.5)) },
  ),
  ...list('gpt-6-astra', {
    from: null,
    rates: usd(10, 1, 50, 12.5),
    tierMultipliers: TIERS,
    longContext: above272k(usd(20, 2, 75, 25)),
  }),
  ...list('gpt-6-sol', {
    from: null,
    rates: usd(2, 0.2, 10, 2.5),
    tierMultipliers: TIERS,
    longContext: above272k(usd(4, 0.4, 15, 5)),
  }),
  ...list('gpt-6-luna', {
    from: null,
    rates: usd(0.1, 0.01, 0.5, 0.125),
    tierMultipliers: TIERS,
    longContext: above272k(usd(0.2, 0.02, 0.75, 0.25)),
  }),
  ...list('gpt-6.1-sol', {
    from: null,
    rates: usd(2, 0.1, 10, 2.5),
    tierMultipliers: TIERS,
    longContext: above272k(usd(4, 0.2, 15, 5)),
  }),
  ...list('gpt-6.2-sol', {
    from: null,
    rates: usd(2, 0.1, 10, 2.5),
    tierMultipliers: PRIORITY_ALONE,
    longContext: above272k(usd(4, 0.2, 15, 5)),
  }),
  ...list('codex-mini-latest', { from: null, rates: usd(1.5, 0.375, 6), tierMultipliers: FLEX_ALONE }),
  ...list('o4-mini', { from: null, rates: usd(1.1, 0.275, 4.4), tierMultipliers: FLEX_ALONE }),
];

function list(model: string, ...entries: readonly Omit<PriceEntry, 'model'>[]): Price[] {
  return entries.map((entry) => ({ model, origin: 'codex-metered', ...entry }));
}

function usd(input: number, cachedInput: number, output: number, cacheWrite?: number): Rates {
  return {
    input: convertToNanoUsdPerToken(input),
    cachedInput: convertToNanoUsdPerToken(cachedInput),
    cacheWrite: cacheWrite === undefined ? null : convertToNanoUsdPerToken(cacheWrite),
    output: convertToNanoUsdPerToken(output),
  };
}

/** OpenAI prices an input of more than 272K tokens higher, for the full request. */
function above272k(rates: Rates, priority: NonNullable<LongContext['priority']> = 'multiplied'): LongContext {
  return { aboveInputTokens: 272_000, rates, priority };
}
