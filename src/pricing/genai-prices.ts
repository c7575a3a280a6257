import type { ConditionalPrice, MatchLogic, ModelInfo, ModelPrice, Provider } from '@pydantic/genai-prices';
import { requireFrom } from '../node/require.js';
import { listModelNames, normaliseModelName } from './model-name.js';
import { convertToNanoUsdPerToken, type Price, type PriceEntry, type Rates, selectPriceAt } from './price.js';

type GenaiPrices = typeof import('@pydantic/genai-prices');
type PriceField = ModelPrice[string];

/**
 * Vendors whose models nobody else prices, so that a name alone decides the price. Left out: open weights such as
 * gpt-oss and gemma, which cost what their host asks or nothing.
 */
const VENDORS = [
  { id: 'openai', prefix: 'openai/', family: /^(gpt-(?!oss)|chatgpt-|codex-|o\d)/ },
  { id: 'anthropic', prefix: 'anthropic/', family: /^claude-/ },
  { id: 'google', prefix: 'google/', family: /^gemini-/ },
  { id: 'x-ai', prefix: 'x-ai/', family: /^grok-/ },
] as const;

let loaded: GenaiPrices | 'unavailable' | undefined;

/** The price that the bundled data of `@pydantic/genai-prices` gives. Loads that package when a model needs it. */
export function findGenaiPrice(model: string, atMs: number): Price | undefined {
  return selectPriceAt(listGenaiPrices(model), atMs);
}

/** All prices that it has of a model, whenever they hold. */
export function listGenaiPrices(model: string): Price[] {
  const given = normaliseModelName(model);
  for (const { id, prefix, family } of VENDORS) {
    const name = given.startsWith(prefix) ? given.slice(prefix.length) : given;
    if (family.test(name)) return listEntries(name, loadProvider(id));
  }
  return [];
}

// A plain require keeps the caller synchronous. Without the package a model is unpriced, which the user is shown.
function loadProvider(id: string): Provider | undefined {
  try {
    loaded ??= requireFrom(import.meta.url)('@pydantic/genai-prices') as GenaiPrices;
  } catch {
    loaded = 'unavailable';
  }
  return loaded === 'unavailable' ? undefined : loaded.findProvider({ providerId: id });
}

function listEntries(name: string, provider: Provider | undefined): Price[] {
  const info = findModel(name, provider?.models ?? []);
  if (info === undefined) return [];
  const conditions: ConditionalPrice[] = Array.isArray(info.prices) ? info.prices : [{ prices: info.prices }];
  const entries = conditions.map((condition) => convertEntry(info.id, condition));
  // One era that cannot be read would hand its days to the era before it.
  return entries.every((entry) => entry !== undefined) ? entries : [];
}

// A snapshot that is listed itself (gpt-4o-2024-05-13 costs more than gpt-4o) comes before the model it is one of.
function findModel(name: string, models: readonly ModelInfo[]): ModelInfo | undefined {
  for (const candidate of listModelNames(name)) {
    const info = models.find(({ match }) => isWholeName(match, candidate));
    if (info !== undefined) return info;
  }
  return undefined;
}

/** The package matches by beginnings and parts of names too. Here only a whole name counts. */
function isWholeName(match: MatchLogic, name: string): boolean {
  if ('and' in match)
    return match.and.some((part) => isWholeName(part, name)) && match.and.every((part) => accepts(part, name));
  if ('or' in match) return match.or.some((part) => isWholeName(part, name));
  if ('equals' in match) return name === match.equals.toLowerCase();
  if ('starts_with' in match) return name === match.starts_with.toLowerCase();
  return 'regex' in match && /^\^.*\$$/.test(match.regex) && new RegExp(match.regex).test(name);
}

/** Of a condition beside a name: whether it lets the name through. One of another kind than these lets nothing through. */
function accepts(match: MatchLogic, name: string): boolean {
  return 'regex' in match ? new RegExp(match.regex).test(name) : isWholeName(match, name);
}

function convertEntry(model: string, { constraint, prices }: ConditionalPrice): Price | undefined {
  if (constraint !== undefined && constraint.type !== 'start_date') return undefined;
  const thresholds = new Set(Object.values(prices).flatMap(listThresholds));
  const rates = readRates(prices, 'base');
  if (rates === undefined || thresholds.size > 1) return undefined;
  const entry: PriceEntry = { model, from: constraint?.start_date ?? null, rates };
  const [aboveInputTokens] = thresholds;
  const longRates = readRates(prices, 'long');
  if (aboveInputTokens === undefined || longRates === undefined) return { ...entry, origin: 'genai-prices' };
  return { ...entry, longContext: { aboveInputTokens, rates: longRates }, origin: 'genai-prices' };
}

function listThresholds(field: PriceField): number[] {
  return typeof field === 'object' ? field.tiers.map(({ start }) => start) : [];
}

/** Models that write more than text. Their counts do not say how many tokens are of which kind. */
const OUTPUT_BESIDE_TEXT = ['output_image_mtok', 'output_audio_mtok', 'output_video_mtok'];

/** Undefined where the vendor charges for something else than tokens in and out. */
function readRates(prices: ModelPrice, length: 'base' | 'long'): Rates | undefined {
  const input = readRate(prices['input_mtok'], length);
  const output = readRate(prices['output_mtok'], length);
  if (input === undefined || output === undefined || prices['requests_kcount'] !== undefined) return undefined;
  if (OUTPUT_BESIDE_TEXT.some((field) => prices[field] !== undefined)) return undefined;
  const cacheWrite1h = readRate(prices['cache_write_1h_mtok'], length);
  return {
    input,
    cachedInput: readRate(prices['cache_read_mtok'], length) ?? input,
    cacheWrite: readRate(prices['cache_write_mtok'], length) ?? null,
    ...(cacheWrite1h !== undefined && { cacheWrite1h }),
    output,
  };
}

function readRate(field: PriceField, length: 'base' | 'long'): number | undefined {
  if (field === undefined) return undefined;
  if (typeof field === 'number') return convertToNanoUsdPerToken(field);
  return convertToNanoUsdPerToken(length === 'base' ? field.base : (field.tiers[0]?.price ?? field.base));
}
