import { listGenaiPrices } from './genai-prices.js';
import { listModelNames, normaliseModelName } from './model-name.js';
import { DAY_MS, type Price, type PriceEntry } from './price.js';
import { createPriceBook, OUR_PRICES } from './prices.js';

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
