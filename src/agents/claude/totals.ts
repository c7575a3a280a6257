import type { SessionRun } from '../../store/session-runs.js';
import type { ResponsesWithoutUsage, SessionTotal } from './session.js';

/** The state of a session's totals that is saved in the database for the next import. Its keys are stored: do not rename them. */
export interface SavedTotals {
  /** The number of the run that goes on, or of the next one. */
  readonly ordinal: number;
  /** When the session's newest line was written. */
  readonly lastMs: number | null;
  /** When the session was given its first prompt, where the file begins with that. Older lines are copies. */
  readonly firstPromptMs: number | null;
  readonly begins: 'not yet' | 'compacted' | 'otherwise';
  readonly untold: number;
  /** The newest run that has ended, until a line comes after it. */
  readonly ended: SessionRun | null;
}

const NOTHING: SavedTotals = {
  ordinal: 0,
  lastMs: null,
  firstPromptMs: null,
  begins: 'not yet',
  untold: 0,
  ended: null,
};

/**
 * Collects the totals of one session. Claude Code writes one whenever it ends: the lines between two totals are a run of Claude
 * Code. How much a run used beyond its messages is found when all messages are recorded, because those of sub-agents are in other files.
 */
export class TotalTracker {
  #state: SavedTotals;
  readonly #changed = new Map<number, SessionRun>();

  constructor(saved: SavedTotals = NOTHING) {
    this.#state = saved;
  }

  /** How many responses have no usage anywhere, because no total comes after them. */
  get responsesWithoutUsage(): number {
    return this.#state.untold;
  }

  addPrompt(atMs: number): void {
    const isFirst = this.#state.begins === 'not yet' && this.#state.firstPromptMs === null;
    if (isFirst) this.#set({ firstPromptMs: atMs });
    this.#advance(atMs);
  }

  /** Takes a message that the session asked for, or a copy of another session's message. */
  addMessage(atMs: number, kind: 'original' | 'copy'): void {
    this.#begin('otherwise');
    if (kind === 'original') this.#advance(atMs);
  }

  addResponsesWithoutUsage({ atMs, what, responses }: ResponsesWithoutUsage): void {
    // A fork can begin with a copy of its parent's last compaction, which is within the parent's total.
    this.#begin(what === 'compaction' ? 'compacted' : 'otherwise');
    if (this.#isOlder(atMs)) return;
    this.#advance(atMs);
    this.#set({ untold: this.#state.untold + responses });
  }

  addTotal({ sessionId, familyMs, models }: SessionTotal): void {
    const { ordinal, lastMs, begins } = this.#state;
    const endedAtMs = lastMs ?? familyMs ?? 0;
    const beginsCompacted = begins === 'compacted';
    const run = { sessionId, ordinal, familyMs: familyMs ?? null, endedAtMs, untilMs: null, beginsCompacted, models };
    this.#changed.set(ordinal, run);
    this.#set({ ended: run, untold: 0 });
  }

  /** Returns the runs that are new or have changed since the last call. */
  take(): SessionRun[] {
    const runs = [...this.#changed.values()];
    this.#changed.clear();
    return runs;
  }

  save(): SavedTotals {
    return this.#state;
  }

  #begin(how: 'compacted' | 'otherwise'): void {
    if (this.#state.begins === 'not yet') this.#set({ begins: how });
  }

  #advance(atMs: number): void {
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

  #set(change: Partial<SavedTotals>): void {
    this.#state = { ...this.#state, ...change };
  }
}
