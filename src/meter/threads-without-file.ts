import { findThreadFiles } from '../agents/codex/sessions.js';

export interface ThreadsWithoutFileOptions {
  readonly codexHome: string;
  /** How long after a thread was first named its file may come. */
  readonly patienceMs: number;
  /** Whether the session file of a thread is being read. */
  readonly isRead: (threadId: string) => boolean;
  /** The session file of a thread that is not read has been found. */
  readonly onFile: (path: string) => Promise<void>;
  /** One that was unknown is known. */
  readonly onKnown: () => void;
}

/** Decides which threads of a process have no session file, so that telemetry is the only evidence of them. */
export class ThreadsWithoutFile {
  readonly #options: ThreadsWithoutFileOptions;
  readonly #known = new Map<string, 'file' | 'none'>();
  /** Threads whose file may still come. */
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #searches = new Set<Promise<void>>();

  constructor(options: ThreadsWithoutFileOptions) {
    this.#options = options;
  }

  /** For a thread that was not named before, this starts the search for its file. */
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

  /** Searches for the files of all threads that are still unknown, now. */
  async settle(): Promise<void> {
    for (const [threadId, timer] of this.#waiting) {
      clearTimeout(timer);
      if (!this.#known.has(threadId)) this.#search(threadId);
    }
    await Promise.allSettled(this.#searches);
  }

  #search(threadId: string): void {
    const search = this.#searchFile(threadId).finally(() => this.#searches.delete(search));
    this.#searches.add(search);
  }

  async #searchFile(threadId: string): Promise<void> {
    const { codexHome, onFile, onKnown } = this.#options;
    const [path] = await findThreadFiles(codexHome, threadId).catch(() => []);
    if (path) await onFile(path).catch(() => undefined);
    this.#known.set(threadId, path ? 'file' : 'none');
    onKnown();
  }
}
