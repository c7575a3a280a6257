import { findThreadFiles } from '../agents/codex/sessions.js';

export interface ThreadsWithoutFileOptions {
  readonly codexHome: string;
  /** How long after a thread was first heard of its file may come. */
  readonly patienceMs: number;
  /** Whether the session file of a thread is being read. */
  readonly isRead: (threadId: string) => boolean;
  /** The session file of a thread that is not read has been found. */
  readonly onFile: (path: string) => Promise<void>;
  /** One that was unknown is known. */
  readonly onKnown: () => void;
}

/** Tells which threads of a process keep no session file: what telemetry says of those is said nowhere else. */
export class ThreadsWithoutFile {
  readonly #options: ThreadsWithoutFileOptions;
  readonly #known = new Map<string, 'file' | 'none'>();
  /** Those whose file is waited for. */
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #searches = new Set<Promise<void>>();

  constructor(options: ThreadsWithoutFileOptions) {
    this.#options = options;
  }

  /** Asked of a thread that it has not heard of, it begins to look for its file. */
  stateOf(threadId: string): 'file' | 'none' | 'unknown' {
    if (this.#options.isRead(threadId)) return 'file';
    const known = this.#known.get(threadId);
    if (known) return known;
    if (!this.#waiting.has(threadId)) {
      const timer = setTimeout(() => this.#search(threadId), this.#options.patienceMs);
      timer.unref();
      this.#waiting.set(threadId, timer);
    }
    return 'unknown';
  }

  /** Looks for those that are still unknown, now. */
  async settle(): Promise<void> {
    for (const [threadId, timer] of this.#waiting) {
      clearTimeout(timer);
      if (!this.#known.has(threadId)) this.#search(threadId);
    }
    await Promise.allSettled(this.#searches);
  }

  #search(threadId: string): void {
    const search = this.#look(threadId).finally(() => this.#searches.delete(search));
    this.#searches.add(search);
  }

  async #look(threadId: string): Promise<void> {
    const { codexHome, onFile, onKnown } = this.#options;
    const [path] = await findThreadFiles(codexHome, threadId).catch(() => []);
    if (path) await onFile(path).catch(() => undefined);
    this.#known.set(threadId, path ? 'file' : 'none');
    onKnown();
  }
}
