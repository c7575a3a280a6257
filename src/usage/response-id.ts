import { createHash } from 'node:crypto';
import { idTimeMs } from './thread-id.js';

/** By what a response is known on every machine that has read it. */
export interface ResponseIdentity {
  readonly provider: string;
  readonly threadId: string;
  readonly key: string;
  readonly completedAtMs: number;
}

/**
 * Returns the id of a response in the fleet: a UUID of version 8 (RFC 9562). Machines that have read copies of one session
 * make the same one. The first 48 bits are epoch milliseconds that they all derive alike: when the thread was made, where its
 * id says that (Codex), or else when the response was completed (of Claude Code: the time of its first line in the transcript).
 * The rest is of SHA-256 over provider, thread and key; without the thread for Claude Code, whose sessions hold copies of
 * messages of others.
 */
export function toResponseId(response: ResponseIdentity): string {
  const { provider, threadId, key } = response;
  return makeId(idTimeOf(response), provider === 'claude' ? [provider, key] : [provider, threadId, key]);
}

/** The time with which the id of a response begins, in epoch milliseconds. */
export function idTimeOf({ provider, threadId, completedAtMs }: Omit<ResponseIdentity, 'key'>): number {
  return (provider === 'codex' ? idTimeMs(threadId) : undefined) ?? completedAtMs;
}

/** Makes a UUID of version 8 of a time in epoch milliseconds and of SHA-256 over names. */
export function makeId(atMs: number, named: readonly (string | number | null)[]): string {
  const hash = createHash('sha256').update(JSON.stringify(named)).digest();
  const time = Math.min(Math.max(Math.trunc(atMs), 0), MOST_MS)
    .toString(16)
    .padStart(12, '0');
  const version = (0x8000 | (hash.readUInt16BE(0) & 0x0fff)).toString(16);
  const variant = (0x8000 | (hash.readUInt16BE(2) & 0x3fff)).toString(16);
  return [time.slice(0, 8), time.slice(8), version, variant, hash.toString('hex', 4, 10)].join('-');
}

const MOST_MS = 2 ** 48 - 1;
