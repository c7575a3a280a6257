import { divideUsage } from '../pricing/cost.js';
import type { ResponseRow } from '../store/queries.js';
import { BILLED_COUNTERS, type BilledCounterName, type CounterName } from '../usage/counters.js';

/**
 * The parts of a cost that are billed at rates of their own. `fees` is what was charged beside tokens, `unsplit` the cost of responses whose
 * rates are not recorded: a fleet is sent none.
 */
export const COST_PARTS = [
  'uncachedInput',
  'cachedInput',
  'cacheWrite',
  'output',
  'reasoning',
  'fees',
  'unsplit',
] as const;
export type CostPart = (typeof COST_PARTS)[number];

/** Tokens and nano-USD of one part; of fees there are no tokens. */
export interface PartAmount {
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** How the cost of a response is made up: the parts add up to it. Output leaves reasoning out. */
export type CostSplit = Readonly<Record<CostPart, PartAmount>>;

/** Nano-USD per token, as a response was charged. */
export interface ChargedRates {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly output: number;
  /** The standard rates of the model: lower where the tier, or the length of the request, made it dearer. */
  readonly standard: { readonly input: number; readonly output: number };
  readonly tier: string;
  readonly longContext: boolean;
}

/** Reads the price that a response was recorded with; undefined for one without a price. */
export function readChargedRates({ price }: Pick<ResponseRow, 'price'>): ChargedRates | undefined {
  if (!isRecord(price) || !isRecord(price.nanoUsdPerToken)) return undefined;
  const { input, cachedInput, cacheWrite, cacheWrite1h, output } = price.nanoUsdPerToken;
  if (typeof input !== 'number' || typeof cachedInput !== 'number' || typeof output !== 'number') return undefined;
  const { inputCostPer1kUsd, outputCostPer1kUsd } = price;
  const writeRate = typeof cacheWrite === 'number' ? cacheWrite : input;
  return {
    input,
    cachedInput,
    cacheWrite: writeRate,
    cacheWrite1h: typeof cacheWrite1h === 'number' ? cacheWrite1h : writeRate,
    output,
    standard: {
      input: typeof inputCostPer1kUsd === 'number' ? inputCostPer1kUsd * 1e6 : input,
      output: typeof outputCostPer1kUsd === 'number' ? outputCostPer1kUsd * 1e6 : output,
    },
    tier: typeof price.tier === 'string' ? price.tier : 'standard',
    longContext: price.longContext === true,
  };
}

/** What a response was charged for tokens of one kind, or beside tokens. */
export interface Charge {
  readonly name: BilledCounterName | 'fees';
  readonly tokens: number;
  readonly nanoUsd: number;
  /** Nano-USD per token; undefined for fees. */
  readonly rate: number | undefined;
}

/**
 * Lists what makes up the cost of a response; the charges add up to it. `input` is what neither came from the cache nor was
 * written to it, `output` includes reasoning. Undefined where the response has no price, or none that says its rates.
 */
export function listCharges(response: ChargedResponse): Charge[] | undefined {
  const rates = readChargedRates(response);
  if (!rates || response.costNanoUsd === null) return undefined;
  const { tokens } = divideUsage(response, response.cacheWrite1h);
  const charges = BILLED_COUNTERS.map(({ name }, at): Charge => {
    const [count, rate] = [tokens[at] ?? 0, rates[name]];
    return { name, tokens: count, rate, nanoUsd: Math.round(count * rate) };
  });
  const rest = response.costNanoUsd - charges.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  if (Math.abs(rest) >= 10) return [...charges, { name: 'fees', tokens: 0, rate: undefined, nanoUsd: rest }];
  // A cost is rounded once, each charge by itself: the largest takes the difference.
  const largest = charges.reduce((a, b) => (b.nanoUsd > a.nanoUsd ? b : a));
  return charges.map((charge) => (charge === largest ? { ...charge, nanoUsd: charge.nanoUsd + rest } : charge));
}

/** What the charges of a response depend on. */
export type ChargedResponse = Pick<ResponseRow, CounterName | 'cacheWrite1h' | 'costNanoUsd' | 'price'>;

/** Splits the cost of a response by what it was charged for; undefined where it has none. */
export function splitCost(response: ResponseRow): CostSplit | undefined {
  const { costNanoUsd } = response;
  if (costNanoUsd === null) return undefined;
  const charges = listCharges(response);
  if (!charges) return { ...NOTHING, unsplit: { tokens: response.input + response.output, nanoUsd: costNanoUsd } };
  const none = { tokens: 0, nanoUsd: 0, rate: 0 };
  const find = (name: Charge['name']) => charges.find((charge) => charge.name === name) ?? none;
  const [shortWrite, longWrite, output] = [find('cacheWrite'), find('cacheWrite1h'), find('output')];
  const reasoning = Math.min(response.reasoning, output.tokens);
  const ofReasoning = { tokens: reasoning, nanoUsd: Math.round(reasoning * (output.rate ?? 0)) };
  const part = ({ tokens, nanoUsd }: PartAmount): PartAmount => ({ tokens, nanoUsd });
  return {
    uncachedInput: part(find('input')),
    cachedInput: part(find('cachedInput')),
    cacheWrite: { tokens: shortWrite.tokens + longWrite.tokens, nanoUsd: shortWrite.nanoUsd + longWrite.nanoUsd },
    output: { tokens: output.tokens - reasoning, nanoUsd: output.nanoUsd - ofReasoning.nanoUsd },
    reasoning: ofReasoning,
    fees: part(find('fees')),
    unsplit: NOTHING.unsplit,
  };
}

const NOTHING = Object.fromEntries(COST_PARTS.map((part) => [part, { tokens: 0, nanoUsd: 0 }])) as CostSplit;

export function sumSplits(splits: readonly CostSplit[]): CostSplit {
  const sum = (part: CostPart): PartAmount => ({
    tokens: splits.reduce((total, split) => total + split[part].tokens, 0),
    nanoUsd: splits.reduce((total, split) => total + split[part].nanoUsd, 0),
  });
  return Object.fromEntries(COST_PARTS.map((part) => [part, sum(part)])) as CostSplit;
}

export function totalOf(split: CostSplit): number {
  return COST_PARTS.reduce((total, part) => total + split[part].nanoUsd, 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
