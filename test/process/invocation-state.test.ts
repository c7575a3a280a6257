import { expect, test } from 'vitest';
import { judgeState } from '../../src/process/invocation-state.js';

const [METER, CODEX] = [11, 12];

test.each([
  ['running', METER, CODEX, [METER, CODEX]],
  ['running', METER, null, [METER]],
  ['running', null, CODEX, [CODEX]],
  ['settling', METER, CODEX, [METER]],
  ['unmetered', METER, CODEX, [CODEX]],
  ['killed', METER, CODEX, []],
  ['killed', METER, null, []],
  ['killed', null, CODEX, []],
  ['killed', null, null, []],
] as const)(
  'an invocation is %s with the meter %s and Codex %s, of which %j work',
  (state, meterPid, codexPid, working) => {
    const works = (pid: number) => (working as readonly number[]).includes(pid);
    expect(judgeState({ meterPid, codexPid, startedAtMs: 0 }, works)).toBe(state);
  },
);
