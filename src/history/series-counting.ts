import type { Thread } from '../formats/codex-thread.js';
import { SAVED_KEYS, type SavedThread } from '../formats/codex-thread-state.js';
import type { RolloutScanner } from '../formats/rollout-scanner.js';
import type { Pricer } from '../pricing/pricer.js';
import type { Packer } from '../store/pack.js';
import type { ModelResponse } from '../usage/record.js';

export interface SeriesCountingOptions {
  readonly thread: Thread;
  readonly scanner: RolloutScanner;
  readonly packer: Packer;
  readonly pricer: Pricer;
  /** Whether the file is read from its beginning. */
  readonly isWhole: boolean;
}

/**
 * Leaves the counting of a thread's responses to the scanner as long as they differ in nothing but their ids, times and
 * counts: nearly all do. What is different is the thread's, which is told what has been counted without it.
 */
export class SeriesCounting {
  readonly #options: SeriesCountingOptions;
  /** Of a file that is read on, the scanner does not know what has been counted. */
  #isWanted: boolean;

  constructor(options: SeriesCountingOptions) {
    this.#options = options;
    this.#isWanted = options.isWhole;
    options.scanner.begin(options.isWhole ? 'one by one' : 'ahead');
  }

  /** After the usage record of `response`, which was told last, was counted and packed. */
  open(response: ModelResponse): void {
    if (!this.#isWanted) return;
    const { thread, scanner, packer, pricer } = this.#options;
    if (!scanner.remember()) {
      this.giveUp();
      return;
    }
    const { footing } = thread;
    const { places } = packer;
    const tariff = pricer.findTariff(response);
    if (footing && places && tariff) scanner.series.open({ places, model: response.model, footing, tariff });
  }

  /** Before anything else is asked of the thread or the packer, or told to them. */
  close(): void {
    const { thread, scanner, packer } = this.#options;
    const series = scanner.series.close();
    if (!series) return;
    thread.goOn(series.progress);
    if (series.sums.length > 0) packer.addSeries(series);
  }

  /** Tells the thread which responses have been counted. */
  recall(): void {
    if (this.#isWanted) this.#options.thread.remember(this.#options.scanner.series.listKeys());
  }

  /** What the thread must know to go on from here in another process. */
  save(): SavedThread {
    this.close();
    const { thread, scanner } = this.#options;
    return thread.save(this.#isWanted ? scanner.series.listKeys(SAVED_KEYS) : []);
  }

  /** From here on the thread counts all: the scanner cannot know any more what has been counted. */
  giveUp(): void {
    this.close();
    this.recall();
    this.#isWanted = false;
    this.#options.scanner.setPace('ahead');
  }
}
