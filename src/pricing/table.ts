import { type Confirmation, convertToNanoUsdPerToken, type LongContext, type Price, type Rates } from './price.js';

/*
 * Sources, all OpenAI's: the pricing page and the model pages (standard, flex, long context, ultrafast), the Fast mode
 * page (priority), the API changelog (dates). Prices are USD per million tokens as printed there. Each entry says when
 * that was last seen, and by whom: a stored copy of a page has no date of its own, so its day is that of the newest
 * fact that it shows.
 */

/** The Fast mode page, in a copy that shows the price of gpt-5.6-sol from before 2026-08-21, and the new name of the mode. */
const SEEN_IN_JULY: Confirmation = { on: '2026-07-30', by: 'vendor' };
/** Price lists that still have the earlier price of gpt-5.6-sol, from before it fell. */
const SEEN_WHEN_IT_FELL: Confirmation = { on: '2026-08-21', by: 'third-party' };
/** The Fast mode page and the model pages, in copies that show the price of gpt-5.6-sol from this day. */
const SEEN_IN_AUGUST: Confirmation = { on: '2026-08-21', by: 'vendor' };
/** The package genai-prices 0.1.8, which a test compares with this table; it knows no tiers. */
const SEEN_IN_GENAI_PRICES: Confirmation = { on: '2026-09-23', by: 'third-party' };
/** Resellers that compare their prices with OpenAI's pricing page. */
const SEEN_BY_RESELLERS: Confirmation = { on: '2026-09-24', by: 'third-party' };

const TIERS = { priority: 2, flex: 0.5 };
const TIERS_OF_GPT_5_5 = { priority: 2.5, flex: 0.5 };
/** Absent from the Fast mode page, or (o4-mini) listed there with a price that is not twice the standard one. */
const FLEX_ALONE = { flex: 0.5 };

const GPT_5 = { from: null, rates: usd(1.25, 0.125, 10), tierMultipliers: TIERS };
const GPT_5_2 = { from: null, rates: usd(1.75, 0.175, 14), tierMultipliers: TIERS };
const GPT_5_6_SOL_AT_LAUNCH = { rates: usd(5, 0.5, 30, 6.25), tierMultipliers: TIERS, confirmed: SEEN_IN_JULY };
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
  {
    from: FAST_LONG_CONTEXT,
    ...GPT_5_6_SOL_AT_LAUNCH,
    longContext: above272k(usd(10, 1, 45, 12.5)),
    confirmed: SEEN_WHEN_IT_FELL,
  },
  {
    from: '2026-08-21',
    rates: usd(4, 0.4, 20, 5),
    tierMultipliers: TIERS,
    longContext: above272k(usd(8, 0.8, 30, 10)),
    confirmed: {
      ...SEEN_IN_AUGUST,
      promisedUntil: '2026-11-21',
      remark:
        'OpenAI calls it promotional. No page of OpenAI from after the promised day was found; others put its end at 2026-11-30.',
    },
  },
];

/** The same rates with ultrafast at three times, and from 2027-03-01 at six times the standard ones. */
const GPT_6_2_SOL = { rates: usd(2, 0.1, 10, 2.5), longContext: above272k(usd(4, 0.2, 15, 5)) };
const GPT_6_2_SOL_SEEN: Confirmation = {
  on: '2026-11-17',
  by: 'vendor',
  remark: 'Its model page names batch and Fast mode, not flex.',
};

const GPT_6_2_ASTRA_SEEN: Confirmation = {
  on: '2026-11-18',
  by: 'third-party',
  remark:
    "Input and output are in OpenAI's overview of models, cached input is what others have read there. Cache writes and " +
    'long inputs follow the rule that OpenAI states for GPT-5.6 and later; what Fast mode and flex cost is not known.',
};

export const PRICE_TABLE: readonly Price[] = [
  ...list('gpt-5', SEEN_IN_AUGUST, GPT_5),
  ...list('gpt-5-codex', SEEN_IN_GENAI_PRICES, GPT_5),
  ...list('gpt-5.1', SEEN_IN_AUGUST, GPT_5),
  ...list('gpt-5.1-codex', SEEN_IN_GENAI_PRICES, GPT_5),
  ...list('gpt-5.1-codex-max', SEEN_IN_GENAI_PRICES, GPT_5),
  ...list('gpt-5.1-codex-mini', SEEN_IN_GENAI_PRICES, {
    from: null,
    rates: usd(0.25, 0.025, 2),
    tierMultipliers: FLEX_ALONE,
  }),
  ...list('gpt-5.2', SEEN_IN_AUGUST, GPT_5_2),
  ...list('gpt-5.2-codex', SEEN_IN_GENAI_PRICES, GPT_5_2),
  ...list('gpt-5.3-codex', SEEN_IN_GENAI_PRICES, GPT_5_2),
  ...list('gpt-5.4', SEEN_IN_AUGUST, {
    from: null,
    rates: usd(2.5, 0.25, 15),
    tierMultipliers: TIERS,
    longContext: above272k(usd(5, 0.5, 22.5), 'as-standard'),
  }),
  ...list('gpt-5.4-mini', SEEN_IN_AUGUST, { from: null, rates: usd(0.75, 0.075, 4.5), tierMultipliers: TIERS }),
  ...list('gpt-5.5', SEEN_IN_AUGUST, {
    from: null,
    rates: usd(5, 0.5, 30),
    tierMultipliers: TIERS_OF_GPT_5_5,
    longContext: above272k(usd(10, 1, 45), 'as-standard'),
  }),
  ...list('gpt-5.6-sol', SEEN_IN_AUGUST, ...GPT_5_6_SOL),
  ...list('gpt-5.6', SEEN_IN_AUGUST, ...GPT_5_6_SOL), // the API's alias of gpt-5.6-sol
  ...list(
    'gpt-5.6-terra',
    SEEN_IN_AUGUST,
    {
      from: null,
      rates: usd(2.5, 0.25, 15, 3.125),
      tierMultipliers: TIERS,
      longContext: above272k(usd(5, 0.5, 22.5, 6.25), 'as-standard'),
      confirmed: SEEN_IN_GENAI_PRICES,
    },
    { from: '2026-07-30', ...GPT_5_6_TERRA, longContext: above272k(usd(4, 0.4, 18, 5), 'as-standard') },
    { from: FAST_LONG_CONTEXT, ...GPT_5_6_TERRA, longContext: above272k(usd(4, 0.4, 18, 5)) },
  ),
  ...list(
    'gpt-5.6-luna',
    SEEN_IN_AUGUST,
    {
      from: null,
      rates: usd(1, 0.1, 6, 1.25),
      tierMultipliers: TIERS,
      longContext: above272k(usd(2, 0.2, 9, 2.5), 'as-standard'),
      confirmed: SEEN_IN_GENAI_PRICES,
    },
    { from: '2026-07-30', ...GPT_5_6_LUNA, longContext: above272k(usd(0.4, 0.04, 1.8, 0.5), 'as-standard') },
    { from: FAST_LONG_CONTEXT, ...GPT_5_6_LUNA, longContext: above272k(usd(0.4, 0.04, 1.8, 0.5)) },
  ),
  ...list(
    'gpt-6-astra',
    { on: '2026-10-06', by: 'third-party' },
    {
      from: null,
      rates: usd(10, 1, 50, 12.5),
      tierMultipliers: { ...TIERS, ultrafast: 6 },
      longContext: above272k(usd(20, 2, 75, 25)),
    },
  ),
  ...list('gpt-6-sol', SEEN_BY_RESELLERS, {
    from: null,
    rates: usd(2, 0.2, 10, 2.5),
    tierMultipliers: TIERS,
    longContext: above272k(usd(4, 0.4, 15, 5)),
  }),
  ...list('gpt-6-luna', SEEN_BY_RESELLERS, {
    from: null,
    rates: usd(0.1, 0.01, 0.5, 0.125),
    tierMultipliers: TIERS,
    longContext: above272k(usd(0.2, 0.02, 0.75, 0.25)),
  }),
  ...list(
    'gpt-6.1-sol',
    { on: '2026-09-29', by: 'vendor', remark: 'Ultrafast is what others have read on its model page later.' },
    {
      from: null,
      rates: usd(2, 0.1, 10, 2.5),
      tierMultipliers: { ...TIERS, ultrafast: 6 },
      longContext: above272k(usd(4, 0.2, 15, 5)),
    },
  ),
  ...list(
    'gpt-6.1-terra',
    { on: '2026-10-26', by: 'vendor' },
    {
      from: null,
      rates: usd(1, 0.05, 5, 1.25),
      tierMultipliers: TIERS,
      longContext: above272k(usd(2, 0.1, 7.5, 2.5)),
    },
  ),
  ...list(
    'gpt-6.2-sol',
    GPT_6_2_SOL_SEEN,
    { from: null, ...GPT_6_2_SOL, tierMultipliers: { priority: 2, ultrafast: 3 } },
    { from: '2027-03-01', ...GPT_6_2_SOL, tierMultipliers: { priority: 2, ultrafast: 6 } },
  ),
  ...list('gpt-6.2-astra', GPT_6_2_ASTRA_SEEN, {
    from: null,
    rates: usd(8, 0.4, 40, 10),
    longContext: above272k(usd(16, 0.8, 60, 20)),
  }),
  ...list('codex-mini-latest', SEEN_IN_GENAI_PRICES, {
    from: null,
    rates: usd(1.5, 0.375, 6),
    tierMultipliers: FLEX_ALONE,
  }),
  ...list('o4-mini', SEEN_IN_GENAI_PRICES, {
    from: null,
    rates: usd(1.1, 0.275, 4.4),
    tierMultipliers: FLEX_ALONE,
  }),
];

/** The entries of a model; what one of them says of its confirmation goes before what holds for all of them. */
function list(model: string, confirmed: Confirmation, ...entries: readonly Omit<Price, 'model' | 'origin'>[]): Price[] {
  return entries.map((entry) => ({ model, origin: 'codex-metered', confirmed, ...entry }));
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
