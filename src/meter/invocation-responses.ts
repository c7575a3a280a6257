import { Pricer } from '../pricing/pricer.js';
import type { PriceBook } from '../pricing/prices.js';
import type { ResponseRef } from '../store/assignment/assign.js';
import type { ModelResponse, Note, PricedResponse } from '../usage/record.js';
import { correctResponse } from './corrections.js';
import type { TimedRemark } from './output-reader.js';

interface Entry {
  /** As it was read from its evidence, before corrections. */
  readonly read: ModelResponse;
  readonly priced: PricedResponse;
  /** `other`: another invocation has recorded it as well, and it is assigned to that one. */
  readonly assignedTo: 'self' | 'other';
}

export interface InvocationResponsesOptions {
  readonly prices: PriceBook;
  /** What Codex's output has reported so far about the model and tier that served. */
  readonly remarks: () => readonly TimedRemark[];
  /** Whether Codex's output reports on a thread at all. */
  readonly outputCovers: (threadId: string) => boolean;
  readonly write: (responses: readonly PricedResponse[], notes: readonly Note[]) => void;
  /** Returns the indexes of those that are assigned to other invocations, which have recorded them too. */
  readonly findCeded: (responses: readonly ResponseRef[]) => readonly number[];
  /** Called with the responses that are new or corrected, and with all of the invocation. The first list is empty when some were removed. */
  readonly onResponses?: ((responses: readonly PricedResponse[], all: readonly PricedResponse[]) => void) | undefined;
}

/** The responses of one invocation, corrected and priced. Each is written once, and again when it is corrected later. */
export class InvocationResponses {
  readonly #options: InvocationResponsesOptions;
  readonly #pricer: Pricer;
  readonly #entries = new Map<string, Entry>();
  #heeded = 0;

  constructor(options: InvocationResponsesOptions) {
    this.#options = options;
    this.#pricer = new Pricer(options.prices);
  }

  /** Those that are assigned to the invocation. */
  get responses(): readonly PricedResponse[] {
    return [...this.#entries.values()]
      .filter(({ assignedTo: owner }) => owner === 'self')
      .map(({ priced: booked }) => booked);
  }

  /** How many have been recorded, those assigned to other invocations included. */
  get counted(): number {
    return this.#entries.size;
  }

  /** Releases the responses that have been assigned to other invocations since they were recorded. */
  releaseReassigned(): void {
    const before = this.responses;
    if (this.#cede(before).length < before.length) this.#options.onResponses?.([], this.responses);
  }

  /** Removes responses that better evidence has replaced. The database removes its rows of them itself. */
  remove(isKnownBetter: (response: PricedResponse) => boolean): void {
    for (const [key, { priced: booked }] of this.#entries) if (isKnownBetter(booked)) this.#entries.delete(key);
  }

  record(told: readonly ModelResponse[]): void {
    const priced = told.map((response) => this.#pricer.price(this.#correct(response)));
    for (const [index, response] of told.entries()) {
      const booked = priced[index]?.response;
      const { assignedTo: owner = 'self' } = this.#entries.get(keyOf(response)) ?? {};
      if (booked) this.#entries.set(keyOf(response), { read: response, priced: booked, assignedTo: owner });
    }
    if (priced.length === 0) return;
    const responses = priced.map(({ response }) => response);
    this.#options.write(
      responses,
      priced.flatMap(({ notes }) => notes),
    );
    const own = this.#cede(responses);
    if (own.length > 0) this.#options.onResponses?.(own, this.responses);
  }

  /** Returns those that are not released. The released stay written: the database knows the invocation that they are assigned to. */
  #cede(responses: readonly PricedResponse[]): PricedResponse[] {
    const ceded = this.#options.findCeded(responses.map(toResponseRef));
    for (const place of ceded) {
      const key = keyOf(responses[place] as PricedResponse);
      const entry = this.#entries.get(key);
      if (entry) this.#entries.set(key, { ...entry, assignedTo: 'other' });
    }
    return responses.filter((_, place) => !ceded.includes(place));
  }

  /** Records those anew whose model or tier Codex's output has corrected since. */
  correct(): void {
    const remarks = this.#options.remarks().length;
    if (remarks === this.#heeded) return;
    this.#heeded = remarks;
    const changed = [...this.#entries.values()].filter(({ read: told, priced: booked }) => {
      const { model, serviceTier } = this.#correct(told);
      return model !== booked.model || serviceTier !== booked.serviceTier;
    });
    this.record(changed.map(({ read: told }) => told));
  }

  #correct(response: ModelResponse): ModelResponse {
    return correctResponse(response, this.#options.remarks(), this.#options.outputCovers);
  }
}

function keyOf({ threadId, key }: ModelResponse): string {
  return `${threadId} ${key}`;
}

function toResponseRef({ threadId, key, completedAtMs, rootTurnId, turnId }: ModelResponse): ResponseRef {
  return [threadId, key, completedAtMs, rootTurnId ?? turnId];
}
