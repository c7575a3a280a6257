import * as z from 'zod/mini';
import { isCount } from '../usage/count.js';

/**
 * A count as the files and answers of all agents tell it. Below zero, with a fraction, as a text, or beyond 2^53 it is
 * none, and what it stands in is unreadable.
 */
export const count = z.number().check(z.refine(isCount, 'is not a count'));
export const optionalCount = z.nullish(count);

/** What is said of something whose shape is right, and whose numbers are not. */
export const IMPOSSIBLE_COUNT = 'a count that cannot be';

/** The same of a record of a session file, by the name that Codex gives it. */
export function describeRefusal({ kind }: { readonly kind: string }): string {
  return `${kind === 'usage_record' ? 'token_usage_record' : kind} with ${IMPOSSIBLE_COUNT}`;
}

/** Whether an object, or an object within it, has a counter (`…_tokens`) that is there and is none. */
export function hasImpossibleCount(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, part]) => {
    if (typeof part === 'object') return hasImpossibleCount(part);
    return name.endsWith('_tokens') && part !== undefined && !isCount(part);
  });
}

/** What is wrong with a payload that its schema refuses. */
export function describeShape(payload: unknown): string {
  return hasImpossibleCount(payload) ? `with ${IMPOSSIBLE_COUNT}` : 'of an unknown shape';
}
