import { expect, test } from 'vitest';
import { idTimeMs, isCopiedTurn } from '../../src/usage/thread-id.js';

const OLDER = '01a22248-1c2b-7ee2-a9a7-7522fae54bed';
const NEWER = '01a22248-1f85-7780-a5a6-3760c57e21fd';
const RANDOM = '9b2f1c44-0d5e-4c1b-9d3f-5a6b7c8d9e0f';

test('an id says when it was made, where it is of the kind that does', () => {
  expect(new Date(idTimeMs(OLDER) ?? 0).toISOString()).toBe('2026-11-28T13:11:20.875Z');
  expect(idTimeMs(RANDOM)).toBeUndefined();
});

test.each([
  ['older than its thread', OLDER, NEWER, true],
  ['newer than its thread', NEWER, OLDER, false],
  ['without an id that says its time', RANDOM, OLDER, undefined],
  ['of a thread without such an id', OLDER, RANDOM, undefined],
  ['without an id', undefined, OLDER, undefined],
])('a turn %s: whether it was copied is %4$s', (_what, turn, thread, isCopied) => {
  expect(isCopiedTurn(turn, thread)).toBe(isCopied);
});
