/**
 * Threads, turns and pages of Codex have ids of UUID version 7, whose first 48 bits are the time at which they were made: they sort
 * by it (0.101 to 0.171).
 */
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/;

/** Returns when an id was made, in epoch milliseconds. Undefined for an id of another kind. */
export function idTimeMs(id: string): number | undefined {
  return UUID_V7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

/** Whether the thread copied the turn from its parent: the turn is older. Undefined where the ids do not say it. */
export function isCopiedTurn(turnId: string | undefined, threadId: string | undefined): boolean | undefined {
  if (turnId === undefined || threadId === undefined) return undefined;
  return UUID_V7.test(turnId) && UUID_V7.test(threadId) ? turnId < threadId : undefined;
}
