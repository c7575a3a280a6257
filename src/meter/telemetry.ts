import type { OtelReport } from '../agents/codex/otel.js';
import type { CodexCommand } from '../process/argv.js';
import type { NoTelemetry } from '../process/telemetry.js';
import type { Invocation, ModelResponse, Note } from '../usage/record.js';
import { TelemetryReader } from './telemetry-reader.js';
import { ThreadsWithoutFile, type ThreadsWithoutFileOptions } from './threads-without-file.js';
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
    const { reports, unreadable } = this.#reader;
    return [
      ...describeUnreadable('telemetry', unreadable),
      ...describeTelemetry({ ...connection, isServer: command.threads === 'own', reports, uncounted: this.#uncounted }),
    ];
  }

  get #uncounted(): number {
    return this.#reader.countUncounted((threadId) => this.#threads.stateOf(threadId) === 'file');
  }
}

/** What became of a run's telemetry, at its end. */
interface TelemetryOutcome {
  /** The run is a server, which may have run threads without a session file that nothing reported. */
  readonly isServer: boolean;
  /** Why Codex was not asked for any; undefined when it was. */
  readonly absent: NoTelemetry | undefined;
  /** How many requests Codex made. */
  readonly reports: number;
  /** How many requests were turned away, by the reason for it. */
  readonly refused: ReadonlyMap<string, number>;
  /** How many responses completed without counts. */
  readonly uncounted: number;
}

/** What a reader of the record must know of the telemetry. */
function describeTelemetry(outcome: TelemetryOutcome): Note[] {
  const { isServer, absent, reports, refused, uncounted } = outcome;
  const why = absent ? ABSENT[absent] : reports === 0 ? 'Codex reported nothing' : undefined;
  const notes: Note[] = [...refused].map(([reason, requests]) => ({
    kind: 'unreadable',
    reason: `telemetry was turned away: ${reason}`,
    figures: { requests },
  }));
  if (isServer && why) {
    const reason = `threads of this server that keep no session file, if it ran any, are not recorded: ${why}`;
    notes.push({ kind: 'fallback', reason, figures: {} });
  }
  if (uncounted > 0) {
    const reason =
      'responses completed without usage in a thread that keeps no session file: what they used is not known';
    notes.push({ kind: 'fallback', reason, figures: { responses: uncounted } });
  }
  return notes;
}

const ABSENT: Readonly<Record<NoTelemetry, string>> = {
  'own exporter': "telemetry of the user's own is set up",
  proxy: 'its telemetry would go through a proxy',
  'no port': 'no port could be opened for its telemetry',
};
