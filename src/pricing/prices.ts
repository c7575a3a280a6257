import { CLAUDE_PRICES } from './claude-table.js';
import { findGenaiPrice, listGenaiPrices } from './genai-prices.js';
import { listModelNames, normaliseModelName } from './model-name.js';
import { DAY_MS, type Price, type PriceEntry, type Rates, selectPriceAt } from './price.js';
import { PRICE_TABLE } from './table.js';

export interface PriceBook {
  /** The price of a model at a time (epoch milliseconds), or undefined: a price is never guessed. */
  find(model: string, atMs: number): Price | undefined;
}

export interface PriceBookOptions {
  /** The prices that the user has configured. They take precedence over ours from their `from` on. */
  readonly user?: readonly PriceEntry[];
}

type Index = ReadonlyMap<string, readonly Price[]>;

/** Searches the user's prices first, then our table, then genai-prices. Throws a RangeError for an entry that makes no sense. */
export function createPriceBook({ user = [] }: PriceBookOptions = {}): PriceBook {
  for (const entry of user) assertUsable(entry);
  const indexes = [indexByModel(user.map((entry) => ({ ...entry, origin: 'user' }))), OURS];
  return {
    find(model, atMs) {
      const names = listModelNames(model);
      for (const index of indexes) {
        const price = findInIndex(index, names, atMs);
        if (price !== undefined) return price;
      }
      return findGenaiPrice(model, atMs);
    },
  };
}

function findInIndex(index: Index, names: readonly string[], atMs: number): Price | undefined {
  for (const name of names) {
    const price = selectPriceAt(index.get(name) ?? [], atMs);
    if (price !== undefined) return price;
  }
  return undefined;
}

function indexByModel(prices: readonly Price[]): Index {
  const index = new Map<string, Price[]>();
  for (const price of prices) {
    const name = normaliseModelName(price.model);
    index.set(name, [...(index.get(name) ?? []), price]);
  }
  return index;
}

function assertUsable(entry: PriceEntry): void {
  const problem = findProblem(entry);
  if (problem !== undefined) throw new RangeError(`The price of model "${entry.model}" ${problem}.`);
}

function findProblem({ model, from, until, rates, longContext, tierMultipliers }: PriceEntry): string | undefined {
  if (normaliseModelName(model) === '') return 'names no model';
  if (from !== null && !isDay(from)) return `starts on "${from}", which is not a day written YYYY-MM-DD`;
  if (until !== undefined && !isDay(until)) return `ends on "${until}", which is not a day written YYYY-MM-DD`;
  if (until !== undefined && from !== null && until < from) return `ends on ${until}, before it starts`;
  if (longContext !== undefined && !isAmount(longContext.aboveInputTokens)) return 'has a threshold below zero';
  const amounts = [...listAmounts(rates), ...listAmounts(longContext?.rates), ...Object.values(tierMultipliers ?? {})];
  return amounts.every(isAmount) ? undefined : 'holds a rate that is not a number of zero or more';
}

function listAmounts(rates: Rates | undefined): number[] {
  if (rates === undefined) return [];
  return Object.values(rates).map((rate: number | null) => rate ?? 0);
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function isDay(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === text;
}

/** The prices that codex-metered brings along, of all vendors. */
const OUR_PRICES: readonly Price[] = [...PRICE_TABLE, ...CLAUDE_PRICES];

const OURS = indexByModel(OUR_PRICES);

/** A price and the day (UTC) from which it holds, null for always. A price that is undefined: none is known from that day on. */
export interface PriceChange {
  readonly from: string | null;
  readonly price: Price | undefined;
}

/** Returns the prices that applied to a model over time, from all sources, oldest first; none when none is known. */
export function listPriceChanges(model: string, user: readonly PriceEntry[]): PriceChange[] {
  const names = listModelNames(model);
  const known = [...user, ...OUR_PRICES].filter((entry) => names.includes(normaliseModelName(entry.model)));
  const entries = [...known, ...listGenaiPrices(model)];
  const days = [...new Set(entries.flatMap(({ from, until }) => [from, ...(until ? [dayAfter(until)] : [])]))];
  const book = createPriceBook({ user });
  const changes: PriceChange[] = [];
  for (const from of days.sort(compareDays)) {
    const price = book.find(model, from === null ? 0 : Date.parse(from));
    if (!isSame(changes.at(-1)?.price, price)) changes.push({ from, price });
  }
  return changes;
}

function isSame(a: Price | undefined, b: Price | undefined): boolean {
  const described = [a, b].map((price) => price && JSON.stringify({ ...price, from: 0, until: 0, confirmed: 0 }));
  return described[0] === described[1];
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}

function compareDays(a: string | null, b: string | null): number {
  const [first, second] = [a ?? '', b ?? ''];
  return first === second ? 0 : first < second ? -1 : 1;
}
