import { isCount } from '../usage/count.js';

/** The reason for refusing something whose shape is right and whose numbers are not. */
export const IMPOSSIBLE_COUNT = 'a count that cannot be';

/** Returns why a record of a Codex session file with impossible counts is refused. */
export function describeRefusal({ kind }: { readonly kind: string }): string {
  return `${kind === 'usage_record' ? 'token_usage_record' : kind} with ${IMPOSSIBLE_COUNT}`;
}

/** Whether an object, or an object within it, has a counter (`…_tokens`) that is no count. */
export function hasImpossibleCount(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, part]) => {
    if (typeof part === 'object') return hasImpossibleCount(part);
    return name.endsWith('_tokens') && part !== undefined && !isCount(part);
  });
}

/** Returns why a payload is refused, to be put behind its name. */
export function describeShape(payload: unknown): string {
  return hasImpossibleCount(payload) ? `with ${IMPOSSIBLE_COUNT}` : 'of an unknown shape';
}
