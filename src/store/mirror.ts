import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { monotonicMs } from '../node/clock.js';
import type { EstimateMode } from '../usage/options.js';
import { type MirrorEntry, openMirrorQueue } from './mirror-queue.js';
import { isEstimateThere, type MirrorOutcome, type MirrorRequest, mirrorCostRecords } from './mirror-table.js';
import { findLost } from './mirrored.js';
import type { Store } from './store.js';

export interface MirrorPlaces {
  /** Another program's database with a table `cost_records`; undefined: only what is queued is mirrored. */
  readonly costRecords: string | undefined;
  /** What becomes of that program's own rows for our invocations. */
  readonly estimates: EstimateMode;
  readonly mirrorDirectory: string;
}

/** While Codex works. The other program's database waits for its disk at every change. */
const PERIOD_MS = 1000;
const RETRY_MS = 50;
/** How long the end of a run may wait for the other program; after that the entry stays in the queue. */
const PATIENCE_MS = 300;
/** How many entries of earlier commands one command tries again. */
const BACKLOG = 200;
/** How long a run waits for the other program's own row, which that writes when it has seen the end of the run. */
const AWAIT_MS = 5000;
const RETRY_AWAITED_MS = 200;

/**
 * Copies the cost records of what is recorded into a table that another program owns. An invocation stands in a queue on
 * disk from its start until its last records are there, so that a later command does what this one could not. No method
 * throws: what fails is logged, once.
 */
export class Mirror {
  readonly #places: MirrorPlaces;
  readonly #log: Log;
  readonly #queue: ReturnType<typeof openMirrorQueue>;
  readonly #due = new Set<string>();
  /** Those for which the other program has yet to do something, and what. */
  readonly #awaited = new Map<string, MirrorOutcome['kind']>();
  readonly #warned = new Set<string>();
  #store: Store | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(places: MirrorPlaces, log: Log) {
    this.#places = places;
    this.#log = log;
    this.#queue = openMirrorQueue(places.mirrorDirectory);
  }

  /** Queues an invocation that begins, also for the case that no database can record it now. */
  expect(invocationId: string): void {
    const { costRecords: path, estimates } = this.#places;
    if (path === undefined) return;
    this.#guard(() => this.#queue.add({ path, invocationId, estimates }));
  }

  /**
   * Mirrors what `change` does to the store by other ways than its `record`. It says of each invocation that it is going
   * to change it: what a command that is killed leaves is in the queue by then.
   */
  async during<T>(store: Store, change: (expect: (invocationId: string) => void) => T | Promise<T>): Promise<T> {
    const watched = this.watch(store);
    try {
      return await change((invocationId) => {
        this.expect(invocationId);
        if (watched !== store) this.#due.add(invocationId);
      });
    } finally {
      await this.finish();
    }
  }

  /** The store, with its changes mirrored. */
  watch(store: Store): Store {
    this.#store = store;
    if (this.#places.costRecords === undefined) return store;
    return {
      ...store,
      record: (change) => {
        const iteration = store.record(change);
        this.#due.add(change.invocation.id);
        // A response can have moved from another invocation, or to it.
        for (const id of store.takeChanged()) this.#due.add(id);
        this.#timer ??= setTimeout(() => this.#mirrorDue(), PERIOD_MS).unref();
        return iteration;
      },
    };
  }

  /** Mirrors what earlier commands could not, and what the other program's database has lost. */
  catchUp(): void {
    this.#guard(() => {
      this.#queueLost();
      const entries = this.#queue.list(BACKLOG);
      const paths = new Set(entries.map(({ path }) => path));
      for (const target of paths)
        this.#mirror(
          target,
          entries.filter(({ path }) => path === target),
        );
    });
  }

  /** Mirrors what is left, or leaves it in the queue. */
  async finish(): Promise<void> {
    const deadline = monotonicMs() + PATIENCE_MS;
    this.#mirrorDue();
    while (this.#due.size > 0 && monotonicMs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      this.#mirrorDue();
    }
    clearTimeout(this.#timer);
    if (this.#due.size > 0) this.#warn('it stayed locked', this.#places.costRecords);
  }

  /**
   * Goes on for a few seconds for what the other program does only when it has seen the end of the run. Later commands mirror
   * what has not come by then. To be called after `finish` and before the store is closed, when nobody waits any more.
   */
  async awaitEstimates(): Promise<void> {
    const deadline = monotonicMs() + AWAIT_MS;
    while (this.#awaited.size > 0 && monotonicMs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_AWAITED_MS));
      this.#guard(() => this.#retryAwaited());
    }
  }

  #retryAwaited(): void {
    const { costRecords: path, estimates } = this.#places;
    const store = this.#store;
    if (path === undefined || !store) return;
    const ready = [...this.#awaited].filter(
      ([id, kind]) => kind !== 'estimate due' || isEstimateThere(store, path, id),
    );
    const requests = ready.map(([invocationId]) => ({ invocationId, estimates }));
    if (requests.length > 0) this.#mirror(path, requests);
  }

  #queueLost(): void {
    const { costRecords: path } = this.#places;
    const store = this.#store;
    if (path === undefined || !store) return;
    try {
      const lost = findLost(store, path);
      if (lost.length === 0) return;
      for (const id of lost) this.expect(id);
      const text = "The other program's database has lost cost records that it had; they are written again.";
      this.#log.warn(text, { path, invocations: lost.length });
    } catch {
      // Why it cannot be read is logged when something is to be written there.
    }
  }

  #mirrorDue(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { costRecords: path, estimates } = this.#places;
    if (path === undefined || this.#due.size === 0) return;
    for (const invocationId of this.#due) this.expect(invocationId);
    this.#guard(() => {
      const requests = [...this.#due].map((invocationId) => ({ invocationId, estimates }));
      const locked = this.#mirror(path, requests);
      this.#due.clear();
      for (const id of locked) this.#due.add(id);
    });
  }

  /** Returns the invocations for which `path` was locked. */
  #mirror(path: string, requests: readonly MirrorRequest[]): string[] {
    const store = this.#store;
    // One that is not recorded yet is in a pending change.
    const isKnown = ({ invocationId }: MirrorRequest) => store?.readStatus(invocationId) !== undefined;
    const unknown = requests.filter((request) => !isKnown(request));
    for (const { invocationId } of unknown) this.#queue.postpone({ path, invocationId });
    const outcomes = store ? mirrorCostRecords(store, path, requests.filter(isKnown)) : [];
    for (const outcome of outcomes) this.#conclude(store as Store, path, outcome);
    return outcomes.filter(({ kind }) => kind === 'locked').map(({ invocationId }) => invocationId);
  }

  #conclude(store: Store, path: string, outcome: MirrorOutcome): void {
    const { invocationId, kind } = outcome;
    const entry: Pick<MirrorEntry, 'path' | 'invocationId'> = { path, invocationId };
    // One that runs has more to come.
    if (kind === 'done' && store.readStatus(invocationId) !== 'running') this.#queue.remove(entry);
    else this.#queue.postpone(entry);
    if (kind === 'estimate due' || kind === 'run due') this.#awaited.set(invocationId, kind);
    else this.#awaited.delete(invocationId);
    // What is due is logged by the run itself, and not again by each command that tries it.
    const isNew = kind === 'refused' || ((kind === 'run due' || kind === 'project due') && this.#due.has(invocationId));
    if (isNew) this.#warn(outcome.reason, path);
  }

  #warn(reason: string, path: string | undefined): void {
    if (this.#warned.has(reason)) return;
    this.#warned.add(reason);
    const text = "Cost records could not be written to the other program's table; it is tried again.";
    this.#log.warn(text, { path, reason });
  }

  #guard(operate: () => void): void {
    try {
      operate();
    } catch (error) {
      this.#warn(messageOf(error), this.#places.costRecords);
    }
  }
}
