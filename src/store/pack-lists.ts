import { addToSum, beginSum, type Sum } from './bucket-tally.js';
import { FIRST_SUMS } from './counter-columns.js';

/** Responses that have all but their counts in common, and what they come to. */
export class Kind {
  readonly place: number;
  readonly #json: string;
  readonly sum = beginSum();
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;

  constructor(place: number, json: string) {
    this.place = place;
    this.#json = json;
  }

  add(more: Readonly<Sum>, completedAtMs: number): void {
    this.firstMs = Math.min(this.firstMs, completedAtMs);
    this.lastMs = Math.max(this.lastMs, completedAtMs);
    addToSum(this.sum, more);
  }

  /** A list: what they have in common, and then the sums. */
  toJson(): string {
    const { responses, unpricedResponses, counts, costNanoUsd } = this.sum;
    const [first, later] = [counts.slice(0, FIRST_SUMS), counts.slice(FIRST_SUMS)];
    const sums = [responses, unpricedResponses, ...first, costNanoUsd, this.firstMs, this.lastMs, ...later];
    return `${this.#json.slice(0, -1)},${JSON.stringify(sums).slice(1)}`;
  }
}

/** The turns of a pack, as JSON. */
export class TurnList {
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();

  /** The place of a turn, which is put there unless it is. */
  find(json: string): number {
    const known = this.#places.get(json);
    if (known !== undefined) return known;
    const place = this.#texts.push(json) - 1;
    this.#places.set(json, place);
    return place;
  }

  toJson(): string {
    return `[${this.#texts.join(',')}]`;
  }
}
