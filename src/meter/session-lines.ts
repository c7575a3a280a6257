import { parseRolloutLine } from '../formats/codex-rollout.js';
import type { Thread } from '../formats/codex-thread.js';
import { createLineSplitter, type LineSplitter } from '../io/lines.js';
import type { Gauges } from './gauges.js';

export interface LinesOptions {
  readonly thread: Thread;
  readonly gauges: Gauges;
  /** How many lines could not be read, by reason. */
  readonly unreadable: Map<string, number>;
  readonly time: 'first' | 'again';
}

/**
 * Lines of a session file for its thread and its gauges; those that cannot be read are counted by reason. Read again,
 * a file may begin anew or, where it was cut off, go on in the middle.
 */
export function readSessionLines({ thread, gauges, unreadable, time }: LinesOptions): LineSplitter {
  const count = (reason: string) => unreadable.set(reason, (unreadable.get(reason) ?? 0) + 1);
  let reading = thread.reading;
  let mayBeginAnew = time === 'again';
  return createLineSplitter({
    onLine: (line) => {
      const record = parseRolloutLine(line);
      if (mayBeginAnew && record.kind === 'session') reading = thread.readAgain();
      mayBeginAnew = false;
      if (record.kind === 'unrecognised') count(record.reason);
      else if (record.kind !== 'irrelevant') {
        thread.add(record, reading);
        gauges.add(record);
      }
    },
    onOverlong: () => count('line too long'),
  });
}
