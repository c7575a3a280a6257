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

/** A file to follow for a run that began at `startedAtMs` (epoch milliseconds); nothing of it has been read yet. */
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
 * Lines of a session file for its thread and its status; those that cannot be read are counted by reason. Read again,
 * a file may begin anew or, where it was cut off, go on in the middle.
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

/** What a session file tells beside usage: how full the thread's context is, and what is left of rate limits. */
export class ContextAndRateLimits {
  /** As the newest row that told of it said. */
  context: ContextFill | undefined;
  /** What has been read and not taken yet, the newest of each window. */
  readonly #rateLimits = new Map<string, RateLimit>();

  /** Takes the next record of the file. */
  add(record: RolloutRecord): void {
    if (record.kind !== 'token_count') return;
    this.context = record.context ?? this.context;
    for (const limit of record.rateLimits ?? []) {
      this.#rateLimits.set(`${limit.windowMinutes} ${limit.limitId}`, limit);
    }
  }

  /** What has become known of rate limits since the last time. */
  drainRateLimits(): RateLimit[] {
    const taken = [...this.#rateLimits.values()];
    this.#rateLimits.clear();
    return taken;
  }
}
