import { divideUsage } from '../pricing/cost.js';
import type { ResponseRow } from '../store/queries.js';
import { BILLED_COUNTERS } from '../usage/counters.js';

type BilledName = (typeof BILLED_COUNTERS)[number]['name'];

/** The parts of a cost that are billed at rates of their own. `fees` is what was charged beside tokens. */
export const COST_PARTS = ['uncachedInput', 'cachedInput', 'cacheWrite', 'output', 'reasoning', 'fees'] as const;
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

/** Splits the cost of a response by what it was charged for; undefined where it has no price. */
export function splitCost(response: ResponseRow): CostSplit | undefined {
  const rates = readChargedRates(response);
  if (!rates || response.costNanoUsd === null) return undefined;
  const { tokens } = divideUsage(response, response.cacheWrite1h);
  const billed = (name: BilledName) => tokens[BILLED_COUNTERS.findIndex((counter) => counter.name === name)] ?? 0;
  const [shortWrite, longWrite] = [billed('cacheWrite'), billed('cacheWrite1h')];
  const reasoning = Math.min(response.reasoning, billed('output'));
  const part = (count: number, rate: number): PartAmount => ({ tokens: count, nanoUsd: Math.round(count * rate) });
  const ofTokens = {
    uncachedInput: part(billed('input'), rates.input),
    cachedInput: part(billed('cachedInput'), rates.cachedInput),
    cacheWrite: {
      tokens: shortWrite + longWrite,
      nanoUsd: Math.round(shortWrite * rates.cacheWrite + longWrite * rates.cacheWrite1h),
    },
    output: part(billed('output') - reasoning, rates.output),
    reasoning: part(reasoning, rates.output),
  };
  const rest = response.costNanoUsd - Object.values(ofTokens).reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  // Each part is rounded by itself.
  return { ...ofTokens, fees: { tokens: 0, nanoUsd: Math.abs(rest) < 10 ? 0 : rest } };
}

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
