import { Pricer } from '../pricing/pricer.js';
import type { PriceBook } from '../pricing/prices.js';
import type { ResponseRef } from '../store/assignment/assign.js';
import type { ModelResponse, Note, PricedResponse } from '../usage/record.js';
import { correctResponse } from './corrections.js';
import type { TimedRemark } from './output-reader.js';

interface Entry {
  /** As its source told it. */
  readonly told: ModelResponse;
  readonly booked: PricedResponse;
  /** `other`: another invocation has recorded it as well, and it belongs to that one. */
  readonly owner: 'self' | 'other';
}

export interface BooksOptions {
  readonly prices: PriceBook;
  /** What Codex's output has said so far of how it was served. */
  readonly remarks: () => readonly TimedRemark[];
  /** Whether the output tells of a thread at all. */
  readonly isTold: (threadId: string) => boolean;
  readonly write: (responses: readonly PricedResponse[], notes: readonly Note[]) => void;
  /** Which of these belong to other invocations that have recorded them too, by their places. */
  readonly findCeded: (booked: readonly ResponseRef[]) => readonly number[];
  /** These are new, or known better, of all that are the invocation's own. None are new where some have gone. */
  readonly onBooked?: ((responses: readonly PricedResponse[], all: readonly PricedResponse[]) => void) | undefined;
}

/** The responses of one invocation, corrected and priced, each written once, and again when it is corrected later. */
export class Books {
  readonly #options: BooksOptions;
  readonly #pricer: Pricer;
  readonly #entries = new Map<string, Entry>();
  #heeded = 0;

  constructor(options: BooksOptions) {
    this.#options = options;
    this.#pricer = new Pricer(options.prices);
  }

  /** Those that belong to the invocation. */
  get responses(): readonly PricedResponse[] {
    return [...this.#entries.values()].filter(({ owner }) => owner === 'self').map(({ booked }) => booked);
  }

  /** How many have been booked, wherever they belong. */
  get counted(): number {
    return this.#entries.size;
  }

  /** Leaves to other invocations what they have taken over since it was booked. */
  cedeLate(): void {
    const before = this.responses;
    if (this.#cede(before).length < before.length) this.#options.onBooked?.([], this.responses);
  }

  /** Strikes out what is known better by now. Where it was written, the database has it go as well. */
  strike(isKnownBetter: (response: PricedResponse) => boolean): void {
    for (const [key, { booked }] of this.#entries) if (isKnownBetter(booked)) this.#entries.delete(key);
  }

  book(told: readonly ModelResponse[]): void {
    const priced = told.map((response) => this.#pricer.price(this.#correct(response)));
    for (const [index, response] of told.entries()) {
      const booked = priced[index]?.response;
      const { owner = 'self' } = this.#entries.get(keyOf(response)) ?? {};
      if (booked) this.#entries.set(keyOf(response), { told: response, booked, owner });
    }
    if (priced.length === 0) return;
    const responses = priced.map(({ response }) => response);
    this.#options.write(
      responses,
      priced.flatMap(({ notes }) => notes),
    );
    const own = this.#cede(responses);
    if (own.length > 0) this.#options.onBooked?.(own, this.responses);
  }

  /** Returns the others. What is left to other invocations stays written: the database knows whose it is. */
  #cede(responses: readonly PricedResponse[]): PricedResponse[] {
    const ceded = this.#options.findCeded(responses.map(toBooked));
    for (const place of ceded) {
      const key = keyOf(responses[place] as PricedResponse);
      const entry = this.#entries.get(key);
      if (entry) this.#entries.set(key, { ...entry, owner: 'other' });
    }
    return responses.filter((_, place) => !ceded.includes(place));
  }

  /** Books those anew of which Codex's output has said more since they were booked. */
  correct(): void {
    const remarks = this.#options.remarks().length;
    if (remarks === this.#heeded) return;
    this.#heeded = remarks;
    const changed = [...this.#entries.values()].filter(({ told, booked }) => {
      const { model, serviceTier } = this.#correct(told);
      return model !== booked.model || serviceTier !== booked.serviceTier;
    });
    this.book(changed.map(({ told }) => told));
  }

  #correct(response: ModelResponse): ModelResponse {
    return correctResponse(response, this.#options.remarks(), this.#options.isTold);
  }
}

function keyOf({ threadId, key }: ModelResponse): string {
  return `${threadId} ${key}`;
}

function toBooked({ threadId, key, completedAtMs, rootTurnId, turnId }: ModelResponse): ResponseRef {
  return [threadId, key, completedAtMs, rootTurnId ?? turnId];
}
