import { isAlive } from '../process/alive.js';
import type { Store } from '../store/store.js';

const LOOK_EVERY_MS = 10;

/**
 * Waits until no meter is still writing the last of a run whose Codex has ended, and for `limitMs` at most. The caller of a
 * run does not wait for its record, so whoever reads the record does. Throws a StoreError.
 */
export async function untilRunsAreSettled(store: Pick<Store, 'listOpenInvocations'>, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (store.listOpenInvocations().some(isSettling) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function isSettling({ codexPid, meterPid, startedAtMs }: ReturnType<Store['listOpenInvocations']>[number]): boolean {
  return codexPid !== null && !isAlive(codexPid, startedAtMs) && isAlive(meterPid, startedAtMs);
}
