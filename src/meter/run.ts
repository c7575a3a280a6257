import type { OtelReport } from '../agents/codex/otel.js';
import type { ContextFill, Note, ThreadKnownBy } from '../usage/record.js';
import { InvocationResponses } from './invocation-responses.js';
import type { End, MeterOptions } from './meter.js';
import { createOutputReader, type OutputReader } from './output-reader.js';
import type { OutputLine } from './output-sieve.js';
import { Recorder } from './recorder.js';
import { SessionFollower } from './session-follower.js';
import { settle } from './settlement.js';
import { type Summary, summarise } from './summary.js';
import { Telemetry } from './telemetry.js';
import { describeUnreadable } from './unreadable.js';

/** Commands that begin every thread that they run, whatever the times of the files are. */
const STARTING_COMMANDS = ['exec', 'exec review', 'review'];

/** One run of Codex: follows its evidence, records it and settles it. Methods may throw: `startMeter` catches that. */
export class MeteredRun {
  readonly #output: OutputReader | undefined;
  readonly #options: MeterOptions;
  readonly #follower: SessionFollower;
  readonly #recorder: Recorder;
  readonly #responses: InvocationResponses;
  readonly #telemetry: Telemetry;
  readonly #notes: Note[] = [];
  #begun = false;
  #named: { readonly threadId: string | undefined } | undefined;
  #context: ContextFill | undefined;
  /** How many responses of each thread have been handed on. */
  readonly #handedOn = new Map<object, number>();

  constructor(options: MeterOptions) {
    const { invocation, command, pid } = options;
    this.#options = options;
    this.#recorder = new Recorder(options);
    this.#responses = new InvocationResponses({
      prices: options.prices,
      remarks: () => this.#output?.facts.remarks ?? [],
      // Codex's output reports on the run's root thread, and on that of a review.
      outputCovers: (threadId) => threadId === this.#threadId || command.name.endsWith('review'),
      write: (responses, notes) => {
        this.#recorder.add({ responses });
        this.note(notes);
      },
      findCeded: (responses) => this.#recorder.findCeded(responses),
      onResponses: options.onResponses,
    });
    this.#follower = new SessionFollower({
      codexHome: invocation.codexHome,
      startedAtMs: invocation.startedAtMs,
      cwd: invocation.cwd,
      pid,
      threads: command.threads,
      begins: STARTING_COMMANDS.includes(command.name) ? 'new' : 'unknown',
      onProgress: () => this.#handOn(),
    });
    this.#telemetry = new Telemetry({
      ...{ invocation, command, connection: options.telemetry },
      isRead: (threadId) => this.#follower.files.some(({ thread }) => thread.id === threadId),
      onFile: (path) => this.#follower.add(path),
      onProgress: () => this.#handOn(),
    });
    if (command.output !== 'other') {
      this.#output = createOutputReader(command.output, (threadId) => {
        this.#follower.setRoot(threadId);
        // At once: another meter that sees the thread's file needs it, and so does whoever settles the run after a kill.
        this.#recorder.add({ update: { threadId, threadKnownBy: 'output' } });
      });
    }
  }

  start(): void {
    // The others may run no thread at all: then there is nothing to record.
    if (this.#options.command.threads === 'one') this.#begin();
    this.#follower.start();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { budget } = this.#options;
    this.#recorder.add(budget ? { update: { budget } } : {});
  }

  observe(line: OutputLine): void {
    this.#output?.take(line);
    this.#responses.correct();
  }

  observeTelemetry(report: OtelReport): void {
    this.#telemetry.add(report);
  }

  async finish(end: End): Promise<Summary | undefined> {
    const { endedAtMs } = end;
    await this.#telemetry.settle();
    await this.#follower.finish();
    this.#handOn();
    if (this.#telemetry.leavesDoubt) this.#begin();
    if (!this.#begun) return undefined;
    this.note([
      ...this.#follower.files.flatMap(({ unreadable, path }) => describeUnreadable('session file', unreadable, path)),
      ...describeUnreadable('output', this.#output?.facts.unreadable),
      ...this.#telemetry.notes(),
    ]);
    await this.#settle(end);
    const status = this.#options.isOverBudget?.() ? 'over budget' : end.status;
    this.#recorder.add({ update: { ...end, status, threadId: this.#threadId, threadKnownBy: this.#threadKnownBy } });
    await this.#recorder.finish();
    this.#responses.releaseReassigned();
    const { invocation } = this.#options;
    const { iteration, pending } = this.#recorder;
    const known = { invocation, iteration, pending, threadId: this.#threadId, endedAtMs };
    return summarise({ ...known, codexVersion: this.#codexVersion, notes: this.#notes }, this.#responses.responses);
  }

  /** Records the responses that have become known since the last time. */
  #handOn(): void {
    const threads = this.#follower.files.map(({ thread }) => thread);
    const fresh = threads.flatMap((thread) => thread.responses.slice(this.#handedOn.get(thread) ?? 0));
    for (const thread of threads) this.#handedOn.set(thread, thread.responses.length);
    fresh.push(...this.#telemetry.take());
    if (threads.length > 0 || fresh.length > 0) this.#begin();
    this.#nameThread();
    this.#readStatus();
    const counted = new Set(threads.filter(({ responses }) => responses.length > 0).map(({ id }) => id));
    this.#responses.remove(({ evidence, threadId }) => evidence === 'otel' && counted.has(threadId));
    this.#responses.record(fresh);
  }

  /** Records how full the context is and what was reported of rate limits, when that has changed. */
  #readStatus(): void {
    const context = this.#follower.root?.status.context;
    if (context && context !== this.#context) {
      this.#context = context;
      this.#recorder.add({ update: { contextTokens: context.tokens, contextWindowTokens: context.windowTokens } });
    }
    const rateLimits = this.#follower.files.flatMap(({ status }) => status.drainRateLimits());
    if (rateLimits.length > 0) this.#recorder.add({ rateLimits });
  }

  /** Records which thread this is as soon as it is known: whoever settles the run after a kill needs it. */
  #nameThread(): void {
    const [codexVersion, threadId] = [this.#codexVersion, this.#threadId];
    if (!this.#begun || !codexVersion || (this.#named && this.#named.threadId === threadId)) return;
    this.#named = { threadId };
    this.#recorder.add({ update: { threadId, threadKnownBy: this.#threadKnownBy, codexVersion } });
  }

  get #codexVersion(): string | undefined {
    return this.#follower.files[0]?.thread.cliVersion ?? this.#telemetry.cliVersion;
  }

  get #threadId(): string | undefined {
    return this.#follower.rootId ?? this.#output?.facts.threadId ?? this.#telemetry.threadId;
  }

  get #threadKnownBy(): ThreadKnownBy | undefined {
    if (this.#output?.facts.threadId) return 'output';
    return this.#threadId === undefined ? undefined : 'file';
  }

  #settle(end: End): Promise<void> {
    const { invocation, command } = this.#options;
    return settle({
      ...{ invocation, command, end },
      serverHome: this.#options.serverHome ?? 'none',
      threadId: this.#threadId,
      files: this.#follower.files,
      root: this.#follower.root,
      facts: this.#output?.facts,
      counted: () => this.#responses.counted,
      readRecordedBefore: (threadId) => this.#recorder.readRecordedBefore(threadId),
      record: (responses) => this.#responses.record(responses),
      note: (notes) => this.note(notes),
    });
  }

  /** Adds notes to the record and to the log. */
  note(notes: readonly Note[]): void {
    if (notes.length === 0) return;
    this.#notes.push(...notes);
    this.#recorder.add({ notes });
    for (const { kind, reason, figures } of notes) {
      this.#options.log.warn(reason, { invocation: this.#options.invocation.id, kind, ...figures });
    }
  }
}
