import { setTimeout } from 'node:timers/promises';
import { StoreError } from '../errors.js';

const RETRY_MS = 5;

/**
 * Calls `attempt` until it returns something else than `'busy'`, and leaves this thread to others in between. A locked
 * database counts as busy, for `patienceMs` in all; then what it throws is thrown.
 */
export async function patiently<T>(patienceMs: number, attempt: () => T | 'busy'): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      const outcome = attempt();
      if (outcome !== 'busy') return outcome;
    } catch (error) {
      const isLocked = error instanceof StoreError && error.problem === 'locked';
      if (!isLocked || performance.now() > deadline) throw error;
    }
    await setTimeout(RETRY_MS);
  }
}
