import type { Note } from '../usage/record.js';

/** Notes on the lines of `where` that could not be read, one for each reason. */
export function describeUnreadable(where: string, linesByReason: ReadonlyMap<string, number> = new Map()): Note[] {
  return [...linesByReason].map(([reason, lines]) => ({
    kind: 'unreadable',
    reason: `lines of the ${where} could not be read: ${reason}`,
    figures: { lines },
  }));
}
