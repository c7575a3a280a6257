import { Pricer } from '../pricing/pricer.js';
import type { PriceBook } from '../pricing/prices.js';
import type { ResponseRef } from '../store/assignment/assign.js';
import type { ModelResponse, Note, PricedResponse } from '../usage/record.js';
import type { TimedRemark } from './output-reader.js';

interface Entry {
  /** As it was read from its evidence, before corrections. */
  readonly read: ModelResponse;
  readonly priced: PricedResponse;
  /** False: another invocation has recorded it as well, and it is assigned to that one. */
  readonly isOurs: boolean;
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
    return [...this.#entries.values()].filter(({ isOurs }) => isOurs).map(({ priced }) => priced);
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
    for (const [key, { priced }] of this.#entries) if (isKnownBetter(priced)) this.#entries.delete(key);
  }

  record(read: readonly ModelResponse[]): void {
    if (read.length === 0) return;
    const notes: Note[] = [];
    const responses = read.map((response) => {
      const priced = this.#pricer.price(this.#correct(response));
      const isOurs = this.#entries.get(keyOf(response))?.isOurs ?? true;
      this.#entries.set(keyOf(response), { read: response, priced: priced.response, isOurs });
      notes.push(...priced.notes);
      return priced.response;
    });
    this.#options.write(responses, notes);
    const ours = this.#cede(responses);
    if (ours.length > 0) this.#options.onResponses?.(ours, this.responses);
  }

  /** Returns those that are not released. The released stay written: the database knows the invocation that they are assigned to. */
  #cede(responses: readonly PricedResponse[]): PricedResponse[] {
    const ceded = this.#options.findCeded(responses.map(toResponseRef));
    for (const index of ceded) {
      const key = keyOf(responses[index] as PricedResponse);
      const entry = this.#entries.get(key);
      if (entry) this.#entries.set(key, { ...entry, isOurs: false });
    }
    return responses.filter((_, index) => !ceded.includes(index));
  }

  /** Records those anew whose model or tier Codex's output has corrected since. */
  correct(): void {
    const remarks = this.#options.remarks().length;
    if (remarks === this.#heeded) return;
    this.#heeded = remarks;
    const changed = [...this.#entries.values()].filter(({ read, priced }) => {
      const { model, serviceTier } = this.#correct(read);
      return model !== priced.model || serviceTier !== priced.serviceTier;
    });
    this.record(changed.map(({ read }) => read));
  }

  #correct(response: ModelResponse): ModelResponse {
    return correctResponse(response, this.#options);
  }
}

function keyOf({ threadId, key }: ModelResponse): string {
  return `${threadId} ${key}`;
}

function toResponseRef({ threadId, key, completedAtMs, rootTurnId, turnId }: ModelResponse): ResponseRef {
  return [threadId, key, completedAtMs, rootTurnId ?? turnId];
}

/**
 * Corrects the model and the service tier of `response`. The session file names those that Codex asked for; Codex's output
 * reports when others were served. Codex reports a reroute when a response begins, and once a turn, so it holds for every
 * response that ends after it.
 */
function correctResponse(
  response: ModelResponse,
  { remarks, outputCovers }: Pick<InvocationResponsesOptions, 'remarks' | 'outputCovers'>,
): ModelResponse {
  let { model, serviceTier } = response;
  for (const remark of remarks()) {
    if (remark.kind === 'tier_omitted') {
      if (remark.model === response.model && remark.tier === response.serviceTier) serviceTier = undefined;
    } else if (
      remark.from === response.model &&
      response.completedAtMs >= remark.atMs &&
      outputCovers(response.threadId)
    ) {
      model = remark.to;
    }
  }
  return { ...response, model, serviceTier };
}
