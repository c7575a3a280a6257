import type { SeriesSum, SeriesTurns } from '../usage/series.js';
import { addToSum, beginSum } from './bucket-tally.js';

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

  add(more: SeriesSum): void {
    this.firstMs = Math.min(this.firstMs, more.firstMs);
    this.lastMs = Math.max(this.lastMs, more.lastMs);
    addToSum(this.sum, more);
  }

  /** A list: what they have in common, and then the sums. */
  toJson(): string {
    const { responses, unpricedResponses, input, cachedInput, cacheWrite, output, reasoning, costNanoUsd } = this.sum;
    const counts = [responses, unpricedResponses, input, cachedInput, cacheWrite, output, reasoning, costNanoUsd];
    return `${this.#json.slice(0, -1)},${JSON.stringify([...counts, this.firstMs, this.lastMs]).slice(1)}`;
  }
}

/** The turns of a pack, as JSON. */
export class TurnList {
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The place of a turn, which is put there unless it is. */
  find(json: string): number {
    const known = this.#places.get(json);
    if (known !== undefined) return known;
    this.#texts.push(json);
    this.#places.set(json, this.#size);
    return this.#size++;
  }

  /** Puts turns behind all others. Returns the last one, which is found from now on. */
  appendAll({ count, json }: SeriesTurns): [turnId: string, rootTurnId: string] {
    this.#texts.push(json);
    this.#size += count;
    const last = json.slice(json.lastIndexOf('['));
    this.#places.set(last, this.#size - 1);
    return JSON.parse(last);
  }

  toJson(): string {
    return `[${this.#texts.join(',')}]`;
  }
}
