import { join } from 'node:path';
import { parseSessionIndexLine } from '../agents/codex/session-index.js';
import { readLines } from '../io/read-lines.js';
import type { Note } from '../usage/record.js';

/**
 * Notes on responses that no file has counts of. One kind leaves a trace: the
 * interactive Codex has a model find a title for a thread and writes the title to `session_index.jsonl`, with the time
 * (0.169 and 0.171). What that response used stands nowhere. Never rejects: without such a file nothing was seen.
 */
export async function describeUncountedTitles(
  codexHome: string,
  threadIds: readonly (string | undefined)[],
  sinceMs: number,
): Promise<Note[]> {
  const titled = new Set<string>();
  try {
    for await (const line of readLines(join(codexHome, 'session_index.jsonl'))) {
      const named = parseSessionIndexLine(line);
      if (named && named.atMs >= sinceMs && threadIds.includes(named.threadId)) titled.add(named.threadId);
    }
  } catch {
    return [];
  }
  if (titled.size === 0) return [];
  return [{ kind: 'uncounted', reason: TITLES, figures: { threads: titled.size } }];
}

const TITLES = 'Codex had a model find the title of a thread: no file tells what that used, and it is not recorded';
