import type { Tariff } from '../pricing/tariff.js';
import { MOST_NANO_USD, MOST_RESPONSE_TOKENS } from '../usage/count.js';
import type { Places, Series, SeriesSum, SeriesTurns } from '../usage/series.js';
import type { Usage } from '../usage/usage.js';
import type { Footing, Progress } from './codex-thread-state.js';
import type { RolloutWasm } from './rollout-wasm.js';

/** What the responses of a series have in common. */
export interface SeriesTerms {
  readonly places: Places;
  readonly model: string;
  readonly footing: Footing;
  readonly tariff: Tariff;
}

/** What a series has told; its rows are void as soon as anything is scanned. */
export interface ToldSeries extends Series {
  /** What the thread has to know. */
  readonly progress: Progress;
}

/** What stands where, in doubles. */
const TERMS = {
  total: 0,
  recorded: 5,
  fromMs: 10,
  untilMs: 11,
  aboveInput: 12,
  upToInput: 13,
  isPriced: 14,
  rates: 15,
  mostTokens: 19,
  mostCost: 20,
};
const SUM = { startMs: 0, responses: 1, usage: 2, costNanoUsd: 7, firstMs: 8, lastMs: 9 };
const SUM_BYTES = 80;
const NO_TURNS: SeriesTurns = { count: 0, json: '' };
const NO_RATES = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };
/** A length of four bytes, and as many as there is room for. */
const ID_BYTES = 104;
const PLAIN = /^[\w:/.-]{1,100}$/;
/** Of a key: where its length stands, the address of the one before it, and its bytes. */
const KEY = { length: 4, before: 8, bytes: 12 };

/**
 * Has WebAssembly count, price and write down responses that differ in nothing but their ids, times and counts, as nearly
 * all do in a long turn. It ends with the first record that is different in any way.
 */
export class RolloutSeries {
  readonly #wasm: RolloutWasm;
  readonly #termsAt: number;
  /** The one that has been written. */
  #tariff: Tariff | undefined;
  #model = '';
  #isOpen = false;

  constructor(wasm: RolloutWasm) {
    this.#wasm = wasm;
    this.#termsAt = wasm.exports.termsAt();
    this.#put(TERMS.mostTokens, MOST_RESPONSE_TOKENS);
    this.#put(TERMS.mostCost, MOST_NANO_USD);
  }

  /** Opens a series behind the usage record that was told last. */
  open({ places, model, footing, tariff }: SeriesTerms): void {
    const { exports } = this.#wasm;
    this.#putUsage(TERMS.total, footing.total);
    this.#putUsage(TERMS.recorded, footing.recorded);
    if (tariff !== this.#tariff) this.#putTariff(tariff);
    const modelLength = PLAIN.test(model) ? this.#wasm.setText(exports.modelAt(), model) : 0;
    exports.openSeries(places.kind, places.turn, places.turns, modelLength);
    this.#model = model;
    this.#isOpen = true;
  }

  /** Ends the series. Returns what it has told; undefined where none was open. */
  close(): ToldSeries | undefined {
    if (!this.#isOpen) return undefined;
    this.#isOpen = false;
    const wasm = this.#wasm;
    const { exports } = wasm;
    exports.closeSeries();
    const sums: SeriesSum[] = [];
    const end = exports.sumsAt() + exports.countSums() * SUM_BYTES;
    for (let at = exports.sumsAt(); at < end; at += SUM_BYTES) sums.push(this.#sumAt(at));
    const rows = wasm.bytesAt(exports.rowsAt(), exports.rowsLength());
    return { rows, sums, turns: this.#readTurns(), progress: this.#readProgress() };
  }

  /** The keys of the responses that were remembered, in their order: all, or so many of the newest. */
  listKeys(newest = Number.POSITIVE_INFINITY): string[] {
    const wasm = this.#wasm;
    const count = Math.min(wasm.exports.countKeys(), newest);
    const keys = new Array<string>(count);
    let at = wasm.exports.newestKeyAt();
    for (let index = count - 1; index >= 0; index--) {
      keys[index] = wasm.textAt(at + KEY.bytes, wasm.wordAt(at + KEY.length));
      at = wasm.wordAt(at + KEY.before);
    }
    return keys;
  }

  #readTurns(): SeriesTurns {
    const { exports } = this.#wasm;
    const count = exports.countListedTurns();
    if (count === 0) return NO_TURNS;
    // Without the comma that each begins with.
    return { count, json: this.#wasm.textAt(exports.turnListAt() + 1, exports.turnListLength() - 1) };
  }

  #readProgress(): Progress {
    const { exports } = this.#wasm;
    const turnIds: string[] = [];
    const end = exports.announcedTurnsAt() + exports.countAnnouncedTurns() * ID_BYTES;
    for (let at = exports.announcedTurnsAt(); at < end; at += ID_BYTES) turnIds.push(this.#readId(at) ?? '');
    return {
      total: this.#usageAt(this.#termsAt),
      recorded: this.#usageAt(this.#termsAt + TERMS.recorded * 8),
      startedTurnId: this.#readId(exports.startedTurnAt()),
      model: this.#model,
      turnIds,
    };
  }

  /** Undefined where none has been written. */
  #readId(address: number): string | undefined {
    const length = this.#wasm.wordAt(address);
    return length === 0 ? undefined : this.#wasm.textAt(address + 4, length);
  }

  #put(place: number, value: number): void {
    this.#wasm.setDouble(this.#termsAt + place * 8, value);
  }

  #putUsage(place: number, { input, cachedInput, cacheWrite, output, reasoning }: Usage): void {
    this.#put(place, input);
    this.#put(place + 1, cachedInput);
    this.#put(place + 2, cacheWrite);
    this.#put(place + 3, output);
    this.#put(place + 4, reasoning);
  }

  #putTariff(tariff: Tariff): void {
    const { input, cachedInput, cacheWrite, output } = tariff.rates ?? NO_RATES;
    this.#put(TERMS.fromMs, tariff.fromMs);
    this.#put(TERMS.untilMs, tariff.untilMs);
    this.#put(TERMS.aboveInput, tariff.aboveInput);
    this.#put(TERMS.upToInput, tariff.upToInput);
    this.#put(TERMS.isPriced, tariff.rates ? 1 : 0);
    this.#put(TERMS.rates, input);
    this.#put(TERMS.rates + 1, cachedInput);
    this.#put(TERMS.rates + 2, cacheWrite);
    this.#put(TERMS.rates + 3, output);
    this.#tariff = tariff;
  }

  #sumAt(address: number): SeriesSum {
    const read = (place: number) => this.#wasm.doubleAt(address + place * 8);
    const responses = read(SUM.responses);
    return {
      startMs: read(SUM.startMs),
      responses,
      unpricedResponses: this.#tariff?.rates ? 0 : responses,
      ...this.#usageAt(address + SUM.usage * 8),
      costNanoUsd: this.#tariff?.rates ? read(SUM.costNanoUsd) : null,
      firstMs: read(SUM.firstMs),
      lastMs: read(SUM.lastMs),
    };
  }

  #usageAt(address: number): Usage {
    const wasm = this.#wasm;
    return {
      input: wasm.doubleAt(address),
      cachedInput: wasm.doubleAt(address + 8),
      cacheWrite: wasm.doubleAt(address + 16),
      output: wasm.doubleAt(address + 24),
      reasoning: wasm.doubleAt(address + 32),
    };
  }
}
