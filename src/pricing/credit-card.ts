/**
 * The credits of a ChatGPT plan that Codex charges, per million tokens. This price list is independent of
 * that in USD: it has no price for cache writes, other multiples for Fast mode, and an exception for long inputs.
 */
export interface CreditEntry {
  readonly model: string;
  /** The first day, `YYYY-MM-DD`, from 00:00 UTC. It holds until the model's next entry. */
  readonly from: string;
  /** Credits per million tokens. */
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  /** What Fast mode (priority) takes, as a multiple. Absent: not known. */
  readonly fast?: number;
  /** Whether an input above `CREDIT_CARD.longAboveInputTokens` takes the same. `unknown` where only USD has a price. */
  readonly longInputs: 'same' | 'unknown';
  /** `card`: the rates were read on a rate card. `derived`: 25 credits for each USD of the list price, as all others are. */
  readonly basis: 'card' | 'derived';
}

/** What is known of the list as a whole. Whoever shows credits shows that they are unconfirmed. */
export const CREDIT_CARD = {
  unconfirmed: true,
  source: 'https://help.openai.com/en/articles/20001106-codex-rate-card',
  /**
   * When each part was last seen: OpenAI's rate card in May 2026 (gpt-5.2 to gpt-5.5), its speed page in September 2026
   * (Fast mode), and for later models only others, who say that they have read it there.
   */
  asOf: '2026-10-05',
  creditsPerUsd: 25,
  longAboveInputTokens: 272_000,
} as const;

/** Before this day Codex was not billed by tokens in any ChatGPT plan; with some Enterprise plans before 2026-04-23. */
const TOKENS_SINCE = '2026-04-02';

type Rates = readonly [input: number, cachedInput: number, output: number];
type Rules = Pick<CreditEntry, 'fast' | 'longInputs' | 'basis'>;

const SHORT_ALONE: Rules = { longInputs: 'same', basis: 'card' };
const CARD: Rules = { longInputs: 'unknown', basis: 'card' };
const DERIVED: Rules = { longInputs: 'unknown', basis: 'derived' };

export const CREDIT_ENTRIES: readonly CreditEntry[] = [
  take('gpt-5.1-codex-max', TOKENS_SINCE, [31.25, 3.125, 250], SHORT_ALONE),
  take('gpt-5.1-codex-mini', TOKENS_SINCE, [6.25, 0.625, 50], SHORT_ALONE),
  take('gpt-5.2', TOKENS_SINCE, [43.75, 4.375, 350], SHORT_ALONE),
  take('gpt-5.2-codex', TOKENS_SINCE, [43.75, 4.375, 350], SHORT_ALONE),
  take('gpt-5.3-codex', TOKENS_SINCE, [43.75, 4.375, 350], SHORT_ALONE),
  take('gpt-5.4', TOKENS_SINCE, [62.5, 6.25, 375], { ...CARD, fast: 2 }),
  take('gpt-5.4-mini', TOKENS_SINCE, [18.75, 1.875, 113], SHORT_ALONE),
  take('gpt-5.5', TOKENS_SINCE, [125, 12.5, 750], { ...CARD, fast: 2.5 }),
  ...['gpt-5.6-sol', 'gpt-5.6'].flatMap((model) => [
    take(model, '2026-07-09', [125, 12.5, 750], { ...CARD, fast: 2.5 }),
    take(model, '2026-08-21', [100, 10, 500], { ...CARD, fast: 2.5 }),
  ]),
  take('gpt-5.6-terra', '2026-07-09', [62.5, 6.25, 375], { ...DERIVED, fast: 2.5 }),
  take('gpt-5.6-terra', '2026-07-30', [50, 5, 300], { ...CARD, fast: 2.5 }),
  take('gpt-5.6-luna', '2026-07-09', [25, 2.5, 150], { ...DERIVED, fast: 2.5 }),
  take('gpt-5.6-luna', '2026-07-30', [5, 0.5, 30], { ...CARD, fast: 2.5 }),
  // OpenAI's rate card names it as the exception: long inputs take no more in Codex.
  take('gpt-6-astra', '2026-09-03', [250, 25, 1250], { longInputs: 'same', basis: 'card', fast: 2.5 }),
  take('gpt-6-sol', '2026-09-22', [50, 5, 250], { ...CARD, fast: 2.5 }),
  take('gpt-6-luna', '2026-09-22', [2.5, 0.25, 12.5], { ...CARD, fast: 2.5 }),
  // Others name two multiples for its Fast mode, 2 of bought credits and 2.5 of a plan's own: neither is taken.
  take('gpt-6.1-sol', '2026-09-29', [50, 2.5, 250], CARD),
  take('gpt-6.1-terra', '2026-10-26', [25, 1.25, 125], DERIVED),
  take('gpt-6.2-sol', '2026-11-17', [50, 2.5, 250], DERIVED),
  take('gpt-6.2-astra', '2026-11-17', [200, 10, 1000], DERIVED),
];

function take(model: string, from: string, [input, cachedInput, output]: Rates, rules: Rules): CreditEntry {
  return { model, from, input, cachedInput, output, ...rules };
}
