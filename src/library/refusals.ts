/** How long a refusal is believed. A server is updated, and an error can have had another reason. */
const HOLDS_MS = 10 * 60_000;

const refusedUntil = new Map<string, number>();

/**
 * Which streams are not to be asked for their usage, because the server refused the question: per address and model, since
 * what stands behind one address can differ from model to model. It is kept for the whole process, so that a program that
 * makes a client for every call is not refused at every call.
 */
export const refusals = {
  has(address: string, model: unknown): boolean {
    return (refusedUntil.get(keyOf(address, model)) ?? 0) > performance.now();
  },
  add(address: string, model: unknown): void {
    const now = performance.now();
    for (const [key, until] of refusedUntil) if (until <= now) refusedUntil.delete(key);
    refusedUntil.set(keyOf(address, model), now + HOLDS_MS);
  },
};

function keyOf(address: string, model: unknown): string {
  return `${address} ${String(model)}`;
}
