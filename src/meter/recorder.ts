import { messageOf, StoreError } from '../errors.js';
import type { Log } from '../log.js';
import { monotonicMs } from '../node/clock.js';
import type { ResponseRef } from '../store/assignment/assign.js';
import type { Change, Store } from '../store/store.js';
import type { Invocation, InvocationUpdate, Note, PricedResponse, RateLimit } from '../usage/record.js';
import type { RecordedBefore } from '../usage/resumed-total.js';
import { NO_USAGE } from '../usage/usage.js';

export interface RecorderOptions {
  readonly invocation: Invocation;
  /** Opens the database; called until it succeeds or fails for good. */
  readonly open: () => Promise<Store>;
  /** Writes a change that the database did not take to a pending file, for the next command. */
  readonly keepPending: (change: Change) => void;
  readonly log: Log;
}

/** Why a record is pending: the database stayed locked for too long, or something is wrong with it. */
export interface PendingCause {
  readonly cause: 'lock' | 'fault';
  readonly reason: string;
}

const RETRY_MS = 100;
/** How long the end of a run may wait for a locked database; after that the change becomes pending. */
const PATIENCE_MS = 300;

/**
 * Writes one invocation to the database as it happens. No fault of the database reaches the caller: a locked database is
 * tried again, a deleted one is made anew, any other fault is logged once, and what was not written becomes pending at the
 * end. All of the invocation is held until then, because a database that was deleted or that broke does not give back what
 * was written to it; to record the same twice changes nothing.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  #store: Store | undefined;
  #iteration: number | undefined;
  #update: InvocationUpdate = {};
  readonly #responses: PricedResponse[] = [];
  readonly #notes: Note[] = [];
  /** The newest of each window. */
  readonly #rateLimits = new Map<string, RateLimit>();
  /** How many of them are written to the database. */
  #written = { responses: 0, notes: 0 };
  #unwritten = true;
  #broken = false;
  #pending: PendingCause | undefined;
  #busy: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** The number that the store gave the invocation, once it is known. */
  get iteration(): number | undefined {
    return this.#iteration ?? this.#options.invocation.attribution.iteration;
  }

  /** Why the record is pending; undefined when it is in the database. */
  get pending(): PendingCause | undefined {
    return this.#pending;
  }

  /** Reads what is recorded of a thread for other invocations; nothing when the database cannot be read. */
  readRecordedBefore(threadId: string): RecordedBefore {
    const nothing = { usage: NO_USAGE, codexVersion: undefined };
    try {
      return this.#store?.readRecordedBefore({ threadId, invocationId: this.#options.invocation.id }) ?? nothing;
    } catch {
      return nothing;
    }
  }

  /** Returns the indexes of those that are assigned to other invocations; none when the database cannot be read. */
  findCeded(responses: readonly ResponseRef[]): number[] {
    try {
      return this.#store?.findAssignedElsewhere(this.#options.invocation.id, responses) ?? [];
    } catch {
      return [];
    }
  }

  /** Adds to what is to be written, and writes it soon. */
  add(change: Omit<Change, 'invocation'>): void {
    this.#update = { ...this.#update, ...change.update };
    this.#responses.push(...(change.responses ?? []));
    this.#notes.push(...(change.notes ?? []));
    for (const limit of change.rateLimits ?? []) {
      this.#rateLimits.set(`${limit.windowMinutes} ${limit.limitId}`, limit);
    }
    this.#unwritten = true;
    void this.#write();
  }

  /** Writes what is left, or makes it pending. Never rejects. */
  async finish(): Promise<void> {
    // Not by the machine's clock, which may be set back meanwhile.
    const deadline = monotonicMs() + PATIENCE_MS;
    await this.#write();
    while (this.#unwritten && !this.#broken && monotonicMs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS / 4));
      await this.#write();
    }
    clearTimeout(this.#timer);
    if (!this.#unwritten) this.#confirm();
    if (this.#unwritten) this.#keepPending();
  }

  #confirm(): void {
    try {
      this.#store?.confirm(this.#options.invocation.id);
    } catch (error) {
      // What was written under a lock that came later is there.
      if (error instanceof StoreError && error.problem === 'locked') return;
      this.#unwritten = true;
      this.#onFault(error);
    }
  }

  #write(): Promise<void> {
    this.#busy ??= this.#writeAll().finally(() => {
      this.#busy = undefined;
      // Something was added since, and no retry is scheduled.
      if (this.#unwritten && !this.#broken && !this.#timer) void this.#write();
    });
    return this.#busy;
  }

  async #writeAll(): Promise<void> {
    // What else is added in this turn of the event loop goes into the same transaction.
    await Promise.resolve();
    try {
      while (this.#unwritten && !this.#broken) {
        if (this.#store?.isInPlace() === false) this.#startAnew();
        this.#store ??= await this.#options.open();
        this.#iteration = this.#store.record(this.#change());
        this.#written = { responses: this.#responses.length, notes: this.#notes.length };
        this.#unwritten = false;
      }
    } catch (error) {
      this.#onFault(error);
    }
  }

  #startAnew(): void {
    this.#store = undefined;
    this.#written = { responses: 0, notes: 0 };
    const { invocation, log } = this.#options;
    log.warn('The database was deleted or replaced; the run is recorded anew.', { invocation: invocation.id });
  }

  #onFault(error: unknown): void {
    if (error instanceof StoreError && error.problem === 'locked') {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        void this.#write();
      }, RETRY_MS);
      this.#timer.unref();
      return;
    }
    this.#broken = true;
    this.#pending = { cause: 'fault', reason: messageOf(error) };
    this.#written = { responses: 0, notes: 0 };
    this.#options.log.warn('The record cannot be written; it is kept aside.', {
      invocation: this.#options.invocation.id,
      reason: messageOf(error),
    });
  }

  #keepPending(): void {
    const { invocation, keepPending, log } = this.#options;
    this.#pending ??= { cause: 'lock', reason: 'The database stayed locked.' };
    try {
      keepPending(this.#change());
      if (!this.#broken)
        log.warn('The database stayed locked; the record is kept aside.', { invocation: invocation.id });
    } catch (error) {
      log.warn('The record could not even be kept aside; it is lost.', {
        invocation: invocation.id,
        reason: messageOf(error),
        responses: this.#responses.length,
      });
    }
  }

  #change(): Change {
    const { invocation } = this.#options;
    return {
      // It keeps the number that it was given first, in another database too.
      invocation: { ...invocation, attribution: { ...invocation.attribution, iteration: this.iteration } },
      update: this.#update,
      responses: this.#responses.slice(this.#written.responses),
      notes: this.#notes.slice(this.#written.notes),
      rateLimits: [...this.#rateLimits.values()],
    };
  }
}
