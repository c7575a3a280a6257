import { StoreError } from '../../errors.js';
import { isAlive } from '../../process/processes.js';
import type { Calendar } from '../../report/calendar.js';
import { type LiveView, readLiveView } from '../../report/live.js';
import { readSnapshot } from '../../store/queries.js';
import { openStore, type Store } from '../../store/store.js';

export interface FeedOptions {
  readonly database: string;
  readonly projectId: string | undefined;
  readonly endedWithinMs: number;
  readonly calendar: Calendar;
}

/** What a look at the database gave: the newest view there is, and what keeps it from being current. */
export interface Look {
  readonly view: LiveView | undefined;
  readonly problem: StoreError | undefined;
}

/** How long a look waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 250;
/** Rates, and windows that end, change by time alone. */
const MAX_AGE_MS = 15_000;

/**
 * Looks at the database again and again. Nothing is read while nobody has written to it and every process that worked
 * at the last look still does: `PRAGMA data_version` tells for next to nothing.
 */
export class LiveFeed {
  readonly #options: FeedOptions;
  #store: Store | undefined;
  #view: LiveView | undefined;
  #version: unknown;
  #readAtMs = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  look(): Look {
    try {
      // A database that was deleted or replaced is not the one that others write to.
      if (this.#store?.isInPlace() === false) this.close();
      this.#store ??= openStore(this.#options.database, { mode: 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
      if (this.#isStale(this.#store)) this.#read(this.#store);
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

  #read(store: Store): void {
    const { projectId, endedWithinMs, calendar } = this.#options;
    const nowMs = Date.now();
    const startOfTodayMs = calendar.startOf(calendar.dayOf(nowMs));
    const query = { projectId, nowMs, startOfTodayMs, calendar, endedWithinMs, isAlive };
    this.#view = readSnapshot(store, (connection) => readLiveView(connection, query));
    this.#readAtMs = nowMs;
  }
}
