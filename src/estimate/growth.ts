import { equalUsage, NO_USAGE, type Usage } from '../usage/usage.js';

/** Decides whether a thread's total has grown by usage that no usage record has counted before. */
export class Growth {
  #total: Usage = NO_USAGE;
  #isRecorded = false;

  takeRecord(): void {
    this.#isRecorded = true;
  }

  /** Takes a `token_count` row. Returns whether it counts a response: a row that repeats the total counts none. */
  takeTotal(total: Usage | undefined): boolean {
    // Before 0.80 a process that resumes a thread has no total at first and counts from zero.
    if (!total) this.#total = NO_USAGE;
    if (!total || equalUsage(total, this.#total)) return false;
    const isNew = !this.#isRecorded;
    this.#total = total;
    this.#isRecorded = false;
    return isNew;
  }
}
