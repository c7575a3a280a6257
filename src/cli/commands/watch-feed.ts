import type { Paths } from '../../config/paths.js';
import { StoreError } from '../../errors.js';
import { isAlive } from '../../process/processes.js';
import { type LiveQuery, type LiveView, readLiveView } from '../../report/live.js';
import { listPendingInvocations } from '../../store/pending.js';
import { readSnapshot } from '../../store/queries.js';
import { openStore, type Store } from '../../store/store.js';

export interface FeedOptions extends Pick<LiveQuery, 'projectId' | 'tags' | 'endedWithinMs' | 'calendar'> {
  readonly paths: Pick<Paths, 'database' | 'pendingDirectory' | 'spareDirectory'>;
  /** Takes pending changes into the database. Never rejects. */
  readonly catchUp: () => Promise<void> | void;
}

/** The newest view of the database, and what keeps it from being current. */
export interface Reading {
  readonly view: LiveView | undefined;
  readonly problem: StoreError | undefined;
}

/** How long reading the database waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 250;
/** Rates, and windows that end, change by time alone. */
const MAX_AGE_MS = 15_000;
/** While changes are pending, the database may be busy for long: it is tried again no more often than this. */
const CATCH_UP_EVERY_MS = 2000;

/**
 * Reads the live view again and again. Nothing is read while nobody has written to the database and every process that
 * worked when it was read last still does: `PRAGMA data_version` costs next to nothing.
 */
export class LiveFeed {
  readonly #options: FeedOptions;
  #store: Store | undefined;
  #view: LiveView | undefined;
  #version: unknown;
  #readAtMs = 0;
  #caughtUpAtMs = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  read(): Reading {
    try {
      // A database that was deleted or replaced is not the one that others write to.
      if (this.#store?.isInPlace() === false) this.close();
      this.#store ??= openStore(this.#options.paths.database, { mode: 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
      if (this.#isStale(this.#store)) this.#readView(this.#store);
      this.#takeInPending();
      return { view: this.#view, problem: undefined };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // A lock passes by; what else is wrong may be put right meanwhile.
      if (error.problem !== 'locked') this.close();
      return { view: this.#view, problem: error };
    }
  }

  close(): void {
    this.#store?.close();
    this.#store = undefined;
    this.#view = undefined;
    this.#version = undefined;
  }

  #isStale(store: Store): boolean {
    const version = store.connection.pragma('data_version', { simple: true });
    const changed = version !== this.#version || !this.#view;
    this.#version = version;
    return changed || Math.abs(Date.now() - this.#readAtMs) > MAX_AGE_MS || this.#hasDied();
  }

  #hasDied(): boolean {
    const running = this.#view?.invocations.filter(({ state }) => state === 'running') ?? [];
    return running.some(({ row }) => row.meterPid !== null && !isAlive(row.meterPid, row.startedAtMs));
  }

  #readView(store: Store): void {
    const { paths, catchUp: _, ...asked } = this.#options;
    const nowMs = Date.now();
    const startOfTodayMs = asked.calendar.startOf(asked.calendar.dayOf(nowMs));
    const isPending = (id: string) => listPendingInvocations(paths).has(id);
    const query = { ...asked, nowMs, startOfTodayMs, isAlive, isPending };
    this.#view = readSnapshot(store, (connection) => readLiveView(connection, query));
    this.#readAtMs = nowMs;
  }

  /** A meter that found the database busy has kept its last changes beside it, and has ended. */
  #takeInPending(): void {
    const isPending = this.#view?.invocations.some(({ state }) => state === 'pending');
    if (!isPending || Date.now() - this.#caughtUpAtMs < CATCH_UP_EVERY_MS) return;
    this.#caughtUpAtMs = Date.now();
    void this.#options.catchUp();
  }
}
