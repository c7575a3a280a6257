import type { SessionRun } from '../../store/session-runs.js';
import type { SessionTotal, UntoldResponses } from './session.js';

/** What is kept for the next import, as plain data. */
export interface SavedRuns {
  /** Of the run that goes on, or of the next one. */
  readonly ordinal: number;
  /** When the session's newest line was written. */
  readonly lastMs: number | null;
  /** When the session was given its first prompt, where that is how the file begins: what is older is a copy. */
  readonly firstPromptMs: number | null;
  readonly begins: 'not yet' | 'compacted' | 'otherwise';
  readonly untold: number;
  /** The newest run that has ended, as long as nothing has come after it. */
  readonly ended: SessionRun | null;
}

const NOTHING: SavedRuns = {
  ordinal: 0,
  lastMs: null,
  firstPromptMs: null,
  begins: 'not yet',
  untold: 0,
  ended: null,
};

/**
 * Follows the runs of one session, each of which ends with a total. What a run used beyond its messages is found when all
 * of them are recorded, because those of sub-agents stand in other files.
 */
export class RunTracker {
  #state: SavedRuns;
  readonly #changed = new Map<number, SessionRun>();

  constructor(saved: SavedRuns = NOTHING) {
    this.#state = saved;
  }

  /** Responses whose tokens stand nowhere, as long as no total comes after them. */
  get untold(): number {
    return this.#state.untold;
  }

  seePrompt(atMs: number): void {
    const isFirst = this.#state.begins === 'not yet' && this.#state.firstPromptMs === null;
    if (isFirst) this.#set({ firstPromptMs: atMs });
    this.#see(atMs);
  }

  /** A message that the session asked for, or a copy of another session's. */
  seeMessage(atMs: number, whose: 'own' | 'copy'): void {
    this.#begin('otherwise');
    if (whose === 'own') this.#see(atMs);
  }

  seeUntold({ atMs, what, responses }: UntoldResponses): void {
    // A fork can begin with a copy of its parent's last compaction, of which its parent's total tells.
    this.#begin(what === 'compaction' ? 'compacted' : 'otherwise');
    if (this.#isOlder(atMs)) return;
    this.#see(atMs);
    this.#set({ untold: this.#state.untold + responses });
  }

  seeTotal({ sessionId, familyMs, models }: SessionTotal): void {
    const { ordinal, lastMs, begins } = this.#state;
    const endedAtMs = lastMs ?? familyMs ?? 0;
    const beginsCompacted = begins === 'compacted';
    const run = { sessionId, ordinal, familyMs: familyMs ?? null, endedAtMs, untilMs: null, beginsCompacted, models };
    this.#changed.set(ordinal, run);
    this.#set({ ended: run, untold: 0 });
  }

  /** The runs that are new or have changed since the last call. */
  take(): SessionRun[] {
    const runs = [...this.#changed.values()];
    this.#changed.clear();
    return runs;
  }

  save(): SavedRuns {
    return this.#state;
  }

  #begin(how: 'compacted' | 'otherwise'): void {
    if (this.#state.begins === 'not yet') this.#set({ begins: how });
  }

  #see(atMs: number): void {
    if (this.#isOlder(atMs)) return;
    const { ended, lastMs, ordinal } = this.#state;
    if (ended) {
      this.#changed.set(ended.ordinal, { ...ended, untilMs: atMs });
      this.#set({ ordinal: ordinal + 1, ended: null });
    }
    this.#set({ lastMs: Math.max(lastMs ?? atMs, atMs) });
  }

  #isOlder(atMs: number): boolean {
    return this.#state.firstPromptMs !== null && atMs < this.#state.firstPromptMs;
  }

  #set(change: Partial<SavedRuns>): void {
    this.#state = { ...this.#state, ...change };
  }
}
