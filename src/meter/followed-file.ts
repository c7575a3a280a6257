import { basename } from 'node:path';
import { parseRolloutLine } from '../agents/codex/rollout.js';
import { parseSessionFileName } from '../agents/codex/session-file.js';
import { Thread } from '../agents/codex/thread.js';
import { describeRefusal } from '../formats/count.js';
import { createLineSplitter, type LineSplitter } from '../io/lines.js';
import { createTail, type Tail } from '../io/tail.js';
import { Gauges } from './gauges.js';
import { countUnreadable, type UnreadableLines } from './unreadable.js';

/** A session file that a run follows, and what has been read of it. */
export interface FollowedFile {
  readonly path: string;
  readonly thread: Thread;
  readonly gauges: Gauges;
  /** Lines that could not be read, by reason. */
  readonly unreadable: Map<string, UnreadableLines>;
  readonly tail: Tail;
}

/** A file to follow for a run that began at `startedAtMs` (epoch milliseconds); nothing of it has been read yet. */
export function createFollowedFile(path: string, startedAtMs: number, age: 'new' | 'older'): FollowedFile {
  const pageId = parseSessionFileName(basename(path))?.pageId;
  const thread = new Thread(startedAtMs, { age, pageId });
  const file = { path, thread, gauges: new Gauges(), unreadable: new Map() };
  let begun = false;
  const tail = createTail(path, () => {
    const lines = readLines(file, begun ? 'again' : 'first');
    begun = true;
    return lines;
  });
  return { ...file, tail };
}

/**
 * Lines of a session file for its thread and its gauges; those that cannot be read are counted by reason. Read again,
 * a file may begin anew or, where it was cut off, go on in the middle.
 */
function readLines({ thread, gauges, unreadable }: Omit<FollowedFile, 'tail'>, time: 'first' | 'again'): LineSplitter {
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
        gauges.add(record);
      }
    },
    onOverlong: (number) => countUnreadable(unreadable, 'line too long', number),
  });
}
