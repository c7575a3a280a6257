import { Pricer } from '../pricing/pricer.js';
import type { PriceBook } from '../pricing/prices.js';
import type { ModelResponse, Note, PricedResponse } from '../usage/record.js';
import { correctResponse } from './corrections.js';
import type { TimedRemark } from './output-reader.js';

interface Entry {
  /** As its source told it. */
  readonly told: ModelResponse;
  readonly booked: PricedResponse;
}

export interface BooksOptions {
  readonly prices: PriceBook;
  /** What Codex's output has said so far of how it was served. */
  readonly remarks: () => readonly TimedRemark[];
  /** Whether the output tells of a thread at all. */
  readonly isTold: (threadId: string) => boolean;
  readonly write: (responses: readonly PricedResponse[], notes: readonly Note[]) => void;
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

  get responses(): readonly PricedResponse[] {
    return [...this.#entries.values()].map(({ booked }) => booked);
  }

  book(told: readonly ModelResponse[]): void {
    const priced = told.map((response) => this.#pricer.price(this.#correct(response)));
    for (const [index, response] of told.entries()) {
      const booked = priced[index]?.response;
      if (booked) this.#entries.set(`${response.threadId} ${response.key}`, { told: response, booked });
    }
    if (priced.length === 0) return;
    this.#options.write(
      priced.map(({ response }) => response),
      priced.flatMap(({ notes }) => notes),
    );
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
