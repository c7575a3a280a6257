import { parseRolloutLine } from '../formats/codex-rollout.js';
import type { Thread } from '../formats/codex-thread.js';
import { createLineSplitter, type LineSplitter } from '../io/lines.js';

/**
 * Lines of a session file for `thread`; those that cannot be read are counted by reason. Read again, a file may begin
 * anew or, where it was cut off, go on in the middle.
 */
export function readSessionLines(
  thread: Thread,
  unreadable: Map<string, number>,
  time: 'first' | 'again',
): LineSplitter {
  const count = (reason: string) => unreadable.set(reason, (unreadable.get(reason) ?? 0) + 1);
  let mayBeginAnew = time === 'again';
  return createLineSplitter({
    onLine: (line) => {
      const record = parseRolloutLine(line);
      if (mayBeginAnew && record.kind === 'session') thread.startOver();
      mayBeginAnew = false;
      if (record.kind === 'unrecognised') count(record.reason);
      else if (record.kind !== 'irrelevant') thread.add(record);
    },
    onOverlong: () => count('line too long'),
  });
}
