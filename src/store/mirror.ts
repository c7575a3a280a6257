import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { type MirrorEntry, openMirrorQueue } from './mirror-queue.js';
import { mirrorCostRecords } from './mirror-table.js';
import type { Store } from './store.js';

export interface MirrorPlaces {
  /** Another program's database with a table `cost_records`; undefined: only what is queued is mirrored. */
  readonly costRecords: string | undefined;
  readonly mirrorDirectory: string;
}

/** While Codex works. The other program's database waits for its disk at every change. */
const PERIOD_MS = 1000;
const RETRY_MS = 50;
/** How long the end of a run may wait for the other program; after that the entry stays in the queue. */
const PATIENCE_MS = 300;
/** How many entries of earlier commands one command tries again. */
const BACKLOG = 200;

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
  readonly #told = new Set<string>();
  #store: Store | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(places: MirrorPlaces, log: Log) {
    this.#places = places;
    this.#log = log;
    this.#queue = openMirrorQueue(places.mirrorDirectory);
  }

  /** Queues an invocation that begins, also for the case that no database can record it now. */
  expect(invocationId: string): void {
    const { costRecords: path } = this.#places;
    if (path === undefined) return;
    this.#guard(() => this.#queue.add({ path, invocationId }));
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

  /** Mirrors what earlier commands could not. */
  catchUp(): void {
    this.#guard(() => {
      const paths = new Map<string, string[]>();
      for (const { path, invocationId } of this.#queue.list(BACKLOG)) {
        paths.set(path, [...(paths.get(path) ?? []), invocationId]);
      }
      for (const [path, ids] of paths) this.#mirror(path, ids);
    });
  }

  /** Mirrors what is left, or leaves it in the queue. Before the store is closed. */
  async finish(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    this.#mirrorDue();
    while (this.#due.size > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      this.#mirrorDue();
    }
    clearTimeout(this.#timer);
    if (this.#due.size > 0) this.#tell('it stayed locked', this.#places.costRecords);
  }

  #mirrorDue(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { costRecords: path } = this.#places;
    if (path === undefined || this.#due.size === 0) return;
    for (const invocationId of this.#due) this.expect(invocationId);
    this.#guard(() => {
      const locked = this.#mirror(path, [...this.#due]);
      this.#due.clear();
      for (const id of locked) this.#due.add(id);
    });
  }

  /** Returns the invocations for which `path` was locked. */
  #mirror(path: string, invocationIds: readonly string[]): string[] {
    const store = this.#store;
    const known = store ? invocationIds.filter((id) => store.readStatus(id) !== undefined) : [];
    const faults = store ? mirrorCostRecords(store, path, known) : [];
    const failed = new Set(faults.map(({ invocationId }) => invocationId));
    for (const invocationId of invocationIds) {
      const entry: MirrorEntry = { path, invocationId };
      // One that is not recorded yet is kept aside somewhere; one that runs has more to come.
      const isDone = !failed.has(invocationId) && !['running', undefined].includes(store?.readStatus(invocationId));
      if (isDone) this.#queue.remove(entry);
      else this.#queue.postpone(entry);
    }
    const refused = faults.filter(({ kind }) => kind === 'refused');
    for (const { reason } of refused) this.#tell(reason, path);
    return faults.filter(({ kind }) => kind === 'locked').map(({ invocationId }) => invocationId);
  }

  #tell(reason: string, path: string | undefined): void {
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#log.warn("Cost records could not be written to the other program's table; it is tried again.", {
      path,
      reason,
    });
  }

  #guard(operate: () => void): void {
    try {
      operate();
    } catch (error) {
      this.#tell(messageOf(error), this.#places.costRecords);
    }
  }
}
