import { describe, expect, test } from 'vitest';
import { parseSessionFileName } from '../../../src/agents/codex/session-file.js';

const THREAD = '01a22248-1c2b-7ee2-a9a7-7522fae54bed';
const PAGE = '01a22248-1f85-7780-a5a6-3760c57e21fd';
const STEM = `rollout-2026-11-28T13-11-20-${THREAD}`;

describe('the name of a session file', () => {
  test.each([
    [`${STEM}.jsonl`, { threadId: THREAD, pageId: undefined, isCompressed: false }],
    [`${STEM}_${PAGE}.jsonl`, { threadId: THREAD, pageId: PAGE, isCompressed: false }],
    [`${STEM}_${PAGE}.jsonl.zst`, { threadId: THREAD, pageId: PAGE, isCompressed: true }],
    ['rollout-of-mine.jsonl', { threadId: undefined, pageId: undefined, isCompressed: false }],
  ])('names its thread and its page: %s', (name, expected) => {
    expect(parseSessionFileName(name)).toEqual(expected);
  });

  test.each([`${THREAD}.jsonl`, `${STEM}.jsonl.tmp`, `${STEM}.json`, 'notes.txt'])('is not %s', (name) => {
    expect(parseSessionFileName(name)).toBeUndefined();
  });
});
