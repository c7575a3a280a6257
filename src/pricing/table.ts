import {
  type Confirmation,
  convertToNanoUsdPerToken,
  type LongContext,
  type Price,
  type Rates,
  type TierMultipliers,
} from './price.js';

/*
 * Sources, all OpenAI's: the pricing page and the model pages (standard, flex, long context, ultrafast), the Fast mode
 * page (priority), the API changelog (dates). Prices are USD per million tokens as printed there. Each entry says when
 * that was last seen, and by whom: a stored copy of a page has no date of its own, so its day is that of the newest
 * fact that it shows.
 */

/** The Fast mode page, in a copy that shows the price of gpt-5.6-sol from before 2026-08-21, and the new name of the mode. */
const JULY_PAGE: Confirmation = { on: '2026-07-30', by: 'vendor' };
/** Price lists that still have the earlier price of gpt-5.6-sol, from before it fell. */
const SEEN_WHEN_IT_FELL: Confirmation = { on: '2026-08-21', by: 'third-party' };
/** The Fast mode page and the model pages, in copies that show the price of gpt-5.6-sol from this day. */
const AUGUST_PAGES: Confirmation = { on: '2026-08-21', by: 'vendor' };
/** The package genai-prices 0.1.8, which a test compares with this table; it knows no tiers. */
const SEEN_IN_GENAI_PRICES: Confirmation = { on: '2026-09-23', by: 'third-party' };
/** Resellers that compare their prices with OpenAI's pricing page. */
const SEEN_BY_RESELLERS: Confirmation = { on: '2026-09-24', by: 'third-party' };

const TIERS = { priority: 2, flex: 0.5 };
const TIERS_OF_GPT_5_5 = { priority: 2.5, flex: 0.5 };
/** Absent from the Fast mode page, or (o4-mini) listed there with a price that is not twice the standard one. */
const FLEX_ALONE = { flex: 0.5 };
const WITH_ULTRAFAST = { ...TIERS, ultrafast: 6 };

/** Fast mode took no long input before this day (and still takes none with GPT-5.5 and older). */
const FAST_LONG_CONTEXT = '2026-08-05';

/**
 * The changes of 2026-07-30 and 2026-08-21 are price cuts. The latter is announced as holding "through at least
 * 2026-11-21": no end of it is known, so none is written here.
 */
const PROMISED: Confirmation = {
  ...AUGUST_PAGES,
  promisedUntil: '2026-11-21',
  remark:
    'OpenAI calls it promotional. No page of OpenAI from after the promised day was found; others put its end at 2026-11-30.',
};

const GPT_6_1_SOL_SEEN: Confirmation = {
  on: '2026-09-29',
  by: 'vendor',
  remark: 'Ultrafast is what others have read on its model page later.',
};

/** Ultrafast is at three times the standard rates, and from 2027-03-01 at six times. */
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

/** In the order of the models, and of each model the oldest first. */
export const PRICE_TABLE: readonly Price[] = [
  list('gpt-5', null, AUGUST_PAGES, TIERS, [1.25, 0.125, 10]),
  list('gpt-5-codex', null, SEEN_IN_GENAI_PRICES, TIERS, [1.25, 0.125, 10]),
  list('gpt-5.1', null, AUGUST_PAGES, TIERS, [1.25, 0.125, 10]),
  list('gpt-5.1-codex', null, SEEN_IN_GENAI_PRICES, TIERS, [1.25, 0.125, 10]),
  list('gpt-5.1-codex-max', null, SEEN_IN_GENAI_PRICES, TIERS, [1.25, 0.125, 10]),
  list('gpt-5.1-codex-mini', null, SEEN_IN_GENAI_PRICES, FLEX_ALONE, [0.25, 0.025, 2]),
  list('gpt-5.2', null, AUGUST_PAGES, TIERS, [1.75, 0.175, 14]),
  list('gpt-5.2-codex', null, SEEN_IN_GENAI_PRICES, TIERS, [1.75, 0.175, 14]),
  list('gpt-5.3-codex', null, SEEN_IN_GENAI_PRICES, TIERS, [1.75, 0.175, 14]),
  list('gpt-5.4', null, AUGUST_PAGES, TIERS, [2.5, 0.25, 15], [5, 0.5, 22.5], 'as-standard'),
  list('gpt-5.4-mini', null, AUGUST_PAGES, TIERS, [0.75, 0.075, 4.5]),
  list('gpt-5.5', null, AUGUST_PAGES, TIERS_OF_GPT_5_5, [5, 0.5, 30], [10, 1, 45], 'as-standard'),
  // The second one is the API's alias of the first.
  ...['gpt-5.6-sol', 'gpt-5.6'].flatMap((model) => [
    list(model, null, JULY_PAGE, TIERS, [5, 0.5, 30, 6.25], [10, 1, 45, 12.5], 'as-standard'),
    list(model, FAST_LONG_CONTEXT, SEEN_WHEN_IT_FELL, TIERS, [5, 0.5, 30, 6.25], [10, 1, 45, 12.5]),
    list(model, '2026-08-21', PROMISED, TIERS, [4, 0.4, 20, 5], [8, 0.8, 30, 10]),
  ]),
  list('gpt-5.6-terra', null, SEEN_IN_GENAI_PRICES, TIERS, [2.5, 0.25, 15, 3.125], [5, 0.5, 22.5, 6.25], 'as-standard'),
  list('gpt-5.6-terra', '2026-07-30', AUGUST_PAGES, TIERS, [2, 0.2, 12, 2.5], [4, 0.4, 18, 5], 'as-standard'),
  list('gpt-5.6-terra', FAST_LONG_CONTEXT, AUGUST_PAGES, TIERS, [2, 0.2, 12, 2.5], [4, 0.4, 18, 5]),
  list('gpt-5.6-luna', null, SEEN_IN_GENAI_PRICES, TIERS, [1, 0.1, 6, 1.25], [2, 0.2, 9, 2.5], 'as-standard'),
  list('gpt-5.6-luna', '2026-07-30', AUGUST_PAGES, TIERS, [0.2, 0.02, 1.2, 0.25], [0.4, 0.04, 1.8, 0.5], 'as-standard'),
  list('gpt-5.6-luna', FAST_LONG_CONTEXT, AUGUST_PAGES, TIERS, [0.2, 0.02, 1.2, 0.25], [0.4, 0.04, 1.8, 0.5]),
  list('gpt-6-astra', null, seen('2026-10-06', 'third-party'), WITH_ULTRAFAST, [10, 1, 50, 12.5], [20, 2, 75, 25]),
  list('gpt-6-sol', null, SEEN_BY_RESELLERS, TIERS, [2, 0.2, 10, 2.5], [4, 0.4, 15, 5]),
  list('gpt-6-luna', null, SEEN_BY_RESELLERS, TIERS, [0.1, 0.01, 0.5, 0.125], [0.2, 0.02, 0.75, 0.25]),
  list('gpt-6.1-sol', null, GPT_6_1_SOL_SEEN, WITH_ULTRAFAST, [2, 0.1, 10, 2.5], [4, 0.2, 15, 5]),
  list('gpt-6.1-terra', null, seen('2026-10-26', 'vendor'), TIERS, [1, 0.05, 5, 1.25], [2, 0.1, 7.5, 2.5]),
  list('gpt-6.2-sol', null, GPT_6_2_SOL_SEEN, { priority: 2, ultrafast: 3 }, [2, 0.1, 10, 2.5], [4, 0.2, 15, 5]),
  list(
    'gpt-6.2-sol',
    '2027-03-01',
    GPT_6_2_SOL_SEEN,
    { priority: 2, ultrafast: 6 },
    [2, 0.1, 10, 2.5],
    [4, 0.2, 15, 5],
  ),
  list('gpt-6.2-astra', null, GPT_6_2_ASTRA_SEEN, undefined, [8, 0.4, 40, 10], [16, 0.8, 60, 20]),
  list('codex-mini-latest', null, SEEN_IN_GENAI_PRICES, FLEX_ALONE, [1.5, 0.375, 6]),
  list('o4-mini', null, SEEN_IN_GENAI_PRICES, FLEX_ALONE, [1.1, 0.275, 4.4]),
];

/** USD per million tokens, as OpenAI prints them. */
type Printed = readonly [input: number, cachedInput: number, output: number, cacheWrite?: number];

/** `long` is the price of an input of more than 272K tokens, which OpenAI charges for the full request. */
function list(
  model: string,
  from: string | null,
  confirmed: Confirmation,
  tierMultipliers: TierMultipliers | undefined,
  rates: Printed,
  long?: Printed,
  priority: NonNullable<LongContext['priority']> = 'multiplied',
): Price {
  const longContext = long && { longContext: { aboveInputTokens: 272_000, rates: toRates(long), priority } };
  const tiers = tierMultipliers && { tierMultipliers };
  return { model, from, rates: toRates(rates), ...tiers, ...longContext, confirmed, origin: 'codex-metered' };
}

function seen(on: string, by: Confirmation['by']): Confirmation {
  return { on, by };
}

function toRates([input, cachedInput, output, cacheWrite]: Printed): Rates {
  return {
    input: convertToNanoUsdPerToken(input),
    cachedInput: convertToNanoUsdPerToken(cachedInput),
    cacheWrite: cacheWrite === undefined ? null : convertToNanoUsdPerToken(cacheWrite),
    output: convertToNanoUsdPerToken(output),
  };
}
