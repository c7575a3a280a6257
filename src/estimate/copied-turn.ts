const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/;

/**
 * Whether a turn came with a history that the thread copied from its parent: it is older than the thread, and the ids
 * of both begin with the time they were made (Codex 0.101 to 0.169). Turns without such an id are the thread's own.
 */
export function isCopied(turnId: string | undefined, threadId: string | undefined): boolean {
  if (turnId === undefined || threadId === undefined) return false;
  return UUID_V7.test(turnId) && UUID_V7.test(threadId) && turnId < threadId;
}
