import type { ThreadState } from './thread-state.js';
import { writesTurns } from './versions.js';

/**
 * A fork's copy of its parent's history is written at once, within milliseconds a line; a model's answer takes longer.
 * Only where a Codex writes no turns (0.98 and before) must this tell where the copy ends.
 */
const COPY_GAP_MS = 50;

/** Ends the copy of another thread's history where a line, written at `atMs`, is the thread's own. */
export function passCopy(state: ThreadState, atMs: number): void {
  if (!state.isCopying) return;
  state.isCopying = writesTurns(state.cliVersion) || atMs - state.copiedAtMs <= COPY_GAP_MS;
  state.copiedAtMs = atMs;
}

/** The same where a turn begins. One that is older than its thread was copied: ids are UUIDv7, which sort by time. */
export function passCopyAtTurn(state: ThreadState, atMs: number, turnId: string | undefined): void {
  if (turnId !== undefined && state.id !== undefined) state.isCopying &&= turnId < state.id;
  else passCopy(state, atMs);
}
