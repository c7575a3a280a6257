import { monotonicMs } from '../node/clock.js';
import { judgeState } from '../process/invocation-state.js';
import type { Store } from '../store/store.js';

const POLL_MS = 10;

/**
 * Waits until no meter is still writing the end of an invocation whose Codex has ended, and for `limitMs` at most. Whoever
 * starts a run does not wait for its record, so whoever reads the record does. Throws a StoreError.
 */
export async function untilRunsAreSettled(store: Pick<Store, 'listOpenInvocations'>, limitMs: number): Promise<void> {
  const deadline = monotonicMs() + limitMs;
  const isSettling = () => store.listOpenInvocations().some((one) => judgeState(one) === 'settling');
  while (isSettling() && monotonicMs() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
