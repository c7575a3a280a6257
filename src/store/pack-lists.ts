import type { ModelResponse } from '../usage/record.js';
import { addToSum, beginSum } from './bucket-tally.js';
import { FIRST_SUMS } from './counter-columns.js';
import type { Bill } from './history-responses.js';

/** Responses that have all but their counts in common, with their sums. */
export class Kind {
  readonly index: number;
  readonly #json: string;
  readonly sum = beginSum();
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;

  constructor(index: number, json: string) {
    this.index = index;
    this.#json = json;
  }

  add({ usage, completedAtMs }: ModelResponse, bill: Bill): void {
    if (completedAtMs < this.firstMs) this.firstMs = completedAtMs;
    if (completedAtMs > this.lastMs) this.lastMs = completedAtMs;
    addToSum(this.sum, usage, bill);
  }

  /** A list of what they have in common, followed by the sums. */
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
  readonly #indexes = new Map<string, number>();

  /** Returns the index of a turn, which is added when it is new. */
  find(json: string): number {
    const known = this.#indexes.get(json);
    if (known !== undefined) return known;
    const index = this.#texts.push(json) - 1;
    this.#indexes.set(json, index);
    return index;
  }

  toJson(): string {
    return `[${this.#texts.join(',')}]`;
  }
}
