import { expect, test } from 'vitest';
import { toResponseId } from '../../src/usage/response-id.js';
import { idTimeMs } from '../../src/usage/thread-id.js';

const THREAD = '01a22248-1c2b-7ee2-a9a7-7522fae54bed';
const OF_CODEX = { provider: 'codex', threadId: THREAD, key: 'resp_1', completedAtMs: 1_795_871_500_000 };
const OF_CLAUDE = { ...OF_CODEX, provider: 'claude', threadId: 'session-1', key: 'msg_1@1795871500000' };

const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

test('the id of a response is a UUID of version 8, and always the same one', () => {
  expect(toResponseId(OF_CODEX)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  // Stored in the databases of fleets: it must never change.
  expect(toResponseId(OF_CODEX)).toBe('01a22248-1c2b-8f64-9278-67d0ccb78d7a');
  expect(toResponseId(OF_CLAUDE)).toBe('01a22248-66e0-8d93-92aa-a6e04e1c0212');
});

test.each([
  ["of Codex begins with the thread's time, whenever it was completed", OF_CODEX, { completedAtMs: 5 }, true],
  ['of Claude Code is the same in each session that holds a copy', OF_CLAUDE, { threadId: 'session-2' }, true],
  ['of another key is another one', OF_CODEX, { key: 'resp_2' }, false],
  ['of another thread is another one', OF_CODEX, { threadId: '01a22248-1c2b-7ee2-a9a7-7522fae54bee' }, false],
  ['of another agent is another one', OF_CLAUDE, { provider: 'gemini' }, false],
])('the id of a response %s', (_what, response, change, isSame) => {
  expect(toResponseId({ ...response, ...change }) === toResponseId(response)).toBe(isSame);
});

test.each([
  ['the thread', OF_CODEX, idTimeMs(THREAD)],
  ['the response, where the thread has none', { ...OF_CODEX, threadId: 'invocation:a' }, OF_CODEX.completedAtMs],
  ['the transcript, for Claude Code', OF_CLAUDE, OF_CLAUDE.completedAtMs],
  ['nothing that can be', { ...OF_CLAUDE, completedAtMs: -5 }, 0],
])('the time in an id is that of %s', (_what, response, atMs) => {
  expect(timeOf(toResponseId(response))).toBe(atMs);
});
