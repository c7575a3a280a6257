import { describe, expect, test } from 'vitest';
import { type FallbackInput, fallBack } from '../../src/meter/fallback.js';
import type { OutputFacts } from '../../src/meter/output-reader.js';
import type { RecordedBefore } from '../../src/usage/resumed-total.js';
import { NO_USAGE, type Usage } from '../../src/usage/usage.js';

const usage = (more: Partial<Usage>): Usage => ({ ...NO_USAGE, ...more });
const ONE = usage({ input: 500, cachedInput: 20, output: 31, reasoning: 3 });
const THREE = usage({ input: 1500, cachedInput: 60, output: 93, reasoning: 9 });

function recorded(usage: Usage, codexVersion?: string): RecordedBefore {
  return { usage, codexVersion };
}

function settle(facts: Partial<OutputFacts>, more: Partial<FallbackInput> = {}) {
  return fallBack({
    invocationId: 'i1',
    facts: {
      ...{ threadId: 't1', model: undefined, turnTotals: [], turnFailed: false, reconnects: 0, remarks: [] },
      ...{ blendedTokens: undefined, unreadable: new Map(), ...facts },
    },
    model: 'gpt-5.3-codex',
    resumed: false,
    recordedBefore: recorded(NO_USAGE),
    endedAtMs: 42,
    missing: 'no session file',
    ...more,
  });
}

describe('without a session file', () => {
  test('turn.completed is what a new thread used', () => {
    expect(settle({ turnTotals: [ONE], blendedTokens: 7 })).toMatchObject({
      responses: [
        {
          ...{ threadId: 't1', key: 'turn_completed:i1', usage: ONE, model: 'gpt-5.3-codex', completedAtMs: 42 },
          ...{ evidence: 'turn_completed', source: 'actual' },
        },
      ],
      notes: [{ kind: 'fallback', figures: { source: 'actual', input: 500, cached: 20, output: 31 } }],
    });
  });

  test.for<[string, Partial<OutputFacts>]>([
    ['turn.completed', { turnTotals: [usage({ input: 2e12 })] }],
    ['a sum of turn.completed', { turnTotals: [usage({ input: 6e11 }), usage({ input: 6e11 })] }],
    ['the footer', { blendedTokens: 5e15 }],
  ])('a total that cannot be stands for nothing, and is noted: %s', ([, facts]) => {
    const { responses, notes } = settle(facts);
    expect(responses).toEqual([]);
    expect(notes.map(({ kind }) => kind)).toEqual(['unreadable', 'fallback']);
  });

  test('the footer stands in where turn.completed cannot be', () => {
    const { responses, notes } = settle({ turnTotals: [usage({ input: 2e12 })], blendedTokens: 77 });
    expect(responses).toMatchObject([{ evidence: 'text', usage: usage({ input: 77 }) }]);
    expect(notes.map(({ kind }) => kind)).toEqual(['unreadable', 'fallback']);
  });

  test('what is recorded of earlier turns is taken off in a resumed thread, and the rest is parsed', () => {
    const { responses, notes } = settle({ turnTotals: [THREE] }, { resumed: true, recordedBefore: recorded(ONE) });
    expect(responses).toMatchObject([
      { usage: usage({ input: 1000, cachedInput: 40, output: 62, reasoning: 6 }), source: 'parsed' },
    ]);
    expect(notes).toMatchObject([{ reason: expect.stringContaining('less what is recorded') }]);
  });

  test.for<[string, Usage]>([
    ['nothing', NO_USAGE],
    ['more than Codex claims', THREE],
  ])('all that Codex claims of a resumed thread is parsed where %s is recorded before', ([, before]) => {
    const { responses } = settle({ turnTotals: [ONE] }, { resumed: true, recordedBefore: recorded(before) });
    expect(responses).toMatchObject([{ usage: ONE, source: 'parsed', evidence: 'turn_completed' }]);
  });

  test.for<[string, Partial<OutputFacts>, RecordedBefore]>([
    ['turn.completed', { turnTotals: [ONE] }, recorded(ONE)],
    ['turn.completed, of a Codex that counts over the thread,', { turnTotals: [ONE] }, recorded(THREE, '0.169.0')],
    ['the printed total', { blendedTokens: 511 }, recorded(ONE)],
  ])('nothing is added where all that %s holds is recorded already', ([, facts, recordedBefore]) => {
    const { responses, notes } = settle(facts, { resumed: true, recordedBefore });
    expect(responses).toEqual([]);
    expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('nothing is added') }]);
  });

  test('what is recorded before is taken off the printed total too', () => {
    const { responses } = settle({ blendedTokens: 1903 }, { resumed: true, recordedBefore: recorded(ONE) });
    expect(responses).toMatchObject([{ usage: usage({ input: 1903 - 511 }), source: 'parsed', evidence: 'text' }]);
  });

  test('the printed total is parsed, as input', () => {
    const { responses, notes } = settle({ blendedTokens: 1903 });
    expect(responses).toMatchObject([{ usage: usage({ input: 1903 }), source: 'parsed', evidence: 'text' }]);
    expect(notes).toMatchObject([{ kind: 'fallback', figures: { source: 'parsed', input: 1903, output: 0 } }]);
  });

  test('zeros are no claim: nothing is recorded, and that is told', () => {
    for (const facts of [{}, { turnTotals: [NO_USAGE] }, { blendedTokens: 0 }]) {
      const { responses, notes } = settle(facts);
      expect(responses).toEqual([]);
      expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no evidence') }]);
    }
  });

  test('every note says why the session file is not what is gone by', () => {
    const missing = 'no session file here';
    for (const facts of [{ turnTotals: [ONE] }, { blendedTokens: 1903 }, {}]) {
      expect(settle(facts, { missing }).notes).toMatchObject([{ reason: expect.stringContaining(missing) }]);
    }
  });

  test('a thread that has no name and a model that nobody names are called so', () => {
    const { responses } = settle({ turnTotals: [ONE], threadId: undefined }, { model: undefined });
    expect(responses).toMatchObject([{ threadId: 'invocation:i1', model: 'unknown' }]);
  });
});
