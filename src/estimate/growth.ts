import { equalUsage, NO_USAGE, type Usage } from '../usage/usage.js';

/** Tells which growth of a thread's total no usage record has told of before. */
export class Growth {
  #total: Usage = NO_USAGE;
  #told = false;

  takeRecord(): void {
    this.#told = true;
  }

  /** Whether the total has grown by usage that is news. Rows repeat a total that has not. */
  isNews(total: Usage | undefined): boolean {
    // Before 0.80 the process that resumes a thread has no total at first, and counts from zero.
    if (!total) this.#total = NO_USAGE;
    if (!total || equalUsage(total, this.#total)) return false;
    const news = !this.#told;
    this.#total = total;
    this.#told = false;
    return news;
  }
}
