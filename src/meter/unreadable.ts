import { basename } from 'node:path';
import type { Note } from '../usage/record.js';

/** Lines that could not be read for one reason: how many they are, and which one was the first, counted from 1. */
export interface UnreadableLines {
  readonly lines: number;
  readonly firstLine: number;
}

/** Counts a line that could not be read. */
export function countUnreadable(byReason: Map<string, UnreadableLines>, reason: string, line: number): void {
  const known = byReason.get(reason);
  byReason.set(reason, { lines: (known?.lines ?? 0) + 1, firstLine: known?.firstLine ?? line });
}

/** Notes on what could not be read of `where`, one for each reason. `path`: the file that it stands in. */
export function describeUnreadable(
  where: string,
  byReason: ReadonlyMap<string, number | UnreadableLines> = new Map(),
  path?: string,
): Note[] {
  return [...byReason].map(([reason, found]) => ({
    kind: 'unreadable',
    reason: `lines of the ${where} could not be read: ${reason}`,
    figures: {
      ...(typeof found === 'number' ? { lines: found } : found),
      ...(path !== undefined && { file: basename(path) }),
    },
  }));
}
