import { basename } from 'node:path';
import type { RolloutRecord } from '../agents/codex/rollout.js';
import { parseRolloutLine } from '../agents/codex/rollout.js';
import { parseSessionFileName } from '../agents/codex/session-file.js';
import { Thread } from '../agents/codex/thread.js';
import { describeRefusal } from '../formats/count.js';
import { createLineSplitter, type LineSplitter } from '../io/lines.js';
import { createTail, type Tail } from '../io/tail.js';
import type { ContextFill, RateLimit } from '../usage/record.js';

import { countUnreadable, type UnreadableLines } from './unreadable.js';

/** A session file that a run follows, and what has been read of it. */
export interface FollowedFile {
  readonly path: string;
  readonly thread: Thread;
  readonly status: ContextAndRateLimits;
  /** Lines that could not be read, by reason. */
  readonly unreadable: Map<string, UnreadableLines>;
  readonly tail: Tail;
}

/** Prepares to follow a file for a run that began at `startedAtMs` (epoch milliseconds). Reads nothing yet. */
export function createFollowedFile(path: string, startedAtMs: number, age: 'new' | 'older'): FollowedFile {
  const pageId = parseSessionFileName(basename(path))?.pageId;
  const thread = new Thread(startedAtMs, { age, pageId });
  const file = { path, thread, status: new ContextAndRateLimits(), unreadable: new Map() };
  let begun = false;
  const tail = createTail(path, () => {
    const lines = readLines(file, begun ? 'again' : 'first');
    begun = true;
    return lines;
  });
  return { ...file, tail };
}

/**
 * Splits a session file into lines and gives them to its thread and its status; lines that cannot be read are counted by
 * reason. A file that is read again may begin anew, or go on in the middle when it was cut off.
 */
function readLines({ thread, status, unreadable }: Omit<FollowedFile, 'tail'>, time: 'first' | 'again'): LineSplitter {
  let reading = thread.reading;
  let mayBeginAnew = time === 'again';
  return createLineSplitter({
    onLine: (line, number) => {
      const record = parseRolloutLine(line);
      if (mayBeginAnew && record.kind === 'session') reading = thread.readAgain();
      mayBeginAnew = false;
      if (record.kind === 'unrecognised') countUnreadable(unreadable, record.reason, number);
      else if (record.kind !== 'irrelevant') {
        const { refused } = thread;
        thread.add(record, reading);
        if (thread.refused > refused) countUnreadable(unreadable, describeRefusal(record), number);
        status.add(record);
      }
    },
    onOverlong: (number) => countUnreadable(unreadable, 'line too long', number),
  });
}

/** What a session file reports beside usage: how full the thread's context is, and how much of rate limits is used. */
export class ContextAndRateLimits {
  /** From the newest row that has it. */
  context: ContextFill | undefined;
  /** The newest of each window that was read since the last drain. */
  readonly #rateLimits = new Map<string, RateLimit>();

  add(record: RolloutRecord): void {
    if (record.kind !== 'token_count') return;
    this.context = record.context ?? this.context;
    for (const limit of record.rateLimits ?? []) {
      this.#rateLimits.set(`${limit.windowMinutes} ${limit.limitId}`, limit);
    }
  }

  /** Returns the rate limits that were read since the last call. */
  drainRateLimits(): RateLimit[] {
    const taken = [...this.#rateLimits.values()];
    this.#rateLimits.clear();
    return taken;
  }
}
