import type { OtelReport } from '../agents/codex/otel.js';
import { findThreadFiles } from '../agents/codex/sessions.js';
import type { CodexCommand } from '../process/argv.js';
import type { NoTelemetry } from '../process/telemetry.js';
import type { Invocation, ModelResponse, Note } from '../usage/record.js';
import { TelemetryReader } from './telemetry-reader.js';
import { describeUnreadable } from './unreadable.js';

/** How a run that may keep no session file is connected with Codex's telemetry. */
export interface TelemetryConnection {
  /** Why Codex was not asked for any; undefined when it was. */
  readonly absent: NoTelemetry | undefined;
  /** How many requests to our collector were turned away, by the reason for it. */
  readonly refused: ReadonlyMap<string, number>;
}

export interface TelemetryOptions extends Pick<ThreadsWithoutFileOptions, 'isRead' | 'onFile'> {
  readonly invocation: Invocation & { readonly codexHome: string };
  readonly command: CodexCommand;
  /** Undefined for a run of which each thread has a session file. */
  readonly connection: TelemetryConnection | undefined;
  /** There may be something to take. */
  readonly onProgress: () => void;
}

/** A thread of a server has its file before its first response has come; one without is known by waiting for it. */
const FILE_PATIENCE_MS = 1000;

/** Takes the responses of threads without a session file from Codex's telemetry. For other threads the file is the better evidence. */
export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #reader: TelemetryReader;
  readonly #threads: ThreadsWithoutFile;
  #read = 0;
  /** Responses of threads whose file may still come. */
  #waiting: ModelResponse[] = [];

  constructor(options: TelemetryOptions) {
    const { invocation, command, onProgress } = options;
    this.#options = options;
    this.#reader = new TelemetryReader(invocation.id, command.serviceTier);
    this.#threads = new ThreadsWithoutFile({
      ...options,
      codexHome: invocation.codexHome,
      // With `--ephemeral` a thread has a file only when it had one before: `resume` goes on in it (0.171).
      patienceMs: command.threads === 'one' ? 0 : FILE_PATIENCE_MS,
      onKnown: onProgress,
    });
  }

  get cliVersion(): string | undefined {
    return this.#reader.cliVersion;
  }

  /** The thread that was named first: the root thread comes before those that it starts. */
  get threadId(): string | undefined {
    return [...this.#reader.threads][0];
  }

  /** Takes what one request reports. */
  add(report: OtelReport): void {
    this.#reader.add(report);
    // This starts the search for their files, also for threads without counts so far.
    for (const threadId of this.#reader.threads) this.#threads.stateOf(threadId);
    this.#options.onProgress();
  }

  /** The responses of threads without a session file that have become known since the last time. */
  take(): ModelResponse[] {
    this.#waiting.push(...this.#reader.responses.slice(this.#read));
    this.#read = this.#reader.responses.length;
    const states = this.#waiting.map(({ threadId }) => this.#threads.stateOf(threadId));
    const unfiled = this.#waiting.filter((_, index) => states[index] === 'none');
    this.#waiting = this.#waiting.filter((_, index) => states[index] === 'unknown');
    return unfiled;
  }

  /** Whether the run may have used more than is recorded, so that it is worth a record even without a response. */
  get leavesDoubt(): boolean {
    return this.#options.connection?.absent !== undefined || this.#reader.unreadable.size > 0 || this.#uncounted > 0;
  }

  /** Waits for no file any longer, once Codex has ended. */
  settle(): Promise<void> {
    return this.#threads.settle();
  }

  /** What a reader of the record must know, at the end. */
  notes(): Note[] {
    const { connection, command } = this.#options;
    if (!connection) return [];
    const { absent, refused } = connection;
    const why = absent ? ABSENT[absent] : this.#reader.reports === 0 ? 'Codex reported nothing' : undefined;
    const notes = describeUnreadable('telemetry', this.#reader.unreadable);
    for (const [reason, requests] of refused) {
      notes.push({ kind: 'unreadable', reason: `telemetry was turned away: ${reason}`, figures: { requests } });
    }
    if (command.threads === 'clients' && why) {
      const reason = `threads of this server that keep no session file, if it ran any, are not recorded: ${why}`;
      notes.push({ kind: 'fallback', reason, figures: {} });
    }
    if (this.#uncounted > 0) {
      const reason =
        'responses completed without usage in a thread that keeps no session file: what they used is not known';
      notes.push({ kind: 'fallback', reason, figures: { responses: this.#uncounted } });
    }
    return notes;
  }

  get #uncounted(): number {
    return this.#reader.countUncounted((threadId) => this.#threads.stateOf(threadId) === 'file');
  }
}

const ABSENT: Readonly<Record<NoTelemetry, string>> = {
  'own exporter': "telemetry of the user's own is set up",
  proxy: 'its telemetry would go through a proxy',
  'no port': 'no port could be opened for its telemetry',
};

interface ThreadsWithoutFileOptions {
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
class ThreadsWithoutFile {
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
