import { describe, expect, test } from 'vitest';
import { describeUsageLine, type InvocationFacts } from '../../src/report/invocation-json.js';
import { EMIT_FORMS } from '../../src/usage/options.js';
import { START, sampleInvocation, sampleResponse } from '../store/samples.js';

const FACTS: InvocationFacts = {
  invocation: sampleInvocation('i1'),
  ...{ iteration: 3, threadId: 'thread-1', codexVersion: '0.171.0' },
  ...{ status: 'completed', exitCode: 0, signal: undefined },
  endedAtMs: START + 1000,
  responses: [
    sampleResponse('r1', { usage: { input: 5000, cachedInput: 256, output: 70, reasoning: 11 } }),
    sampleResponse('r2', { usage: { input: 5900, cachedInput: 5376, cacheWrite: 128, output: 33, reasoning: 0 } }),
  ],
  ...{ notes: [], budget: undefined },
};
const USAGE = {
  ...{ input_tokens: 10_900, cached_input_tokens: 5632, cache_write_input_tokens: 128 },
  ...{ output_tokens: 103, reasoning_output_tokens: 11 },
};

function read(form: (typeof EMIT_FORMS)[number], facts: Partial<InvocationFacts> = {}) {
  const line = describeUsageLine(form, { ...FACTS, ...facts });
  return line === undefined ? undefined : JSON.parse(line);
}

describe('the line of usage', () => {
  test('is a count of tokens as session files have it, and as Codex before 0.44 printed it', () => {
    const info = { total_token_usage: { ...USAGE, total_tokens: 11_003 } };
    const line = read('usage');
    expect(line).toMatchObject({ type: 'event_msg', payload: { type: 'token_count', info } });
    expect(line).toMatchObject({ msg: { type: 'token_count', info } });
    expect(line.timestamp).toBe('2026-03-04T05:06:08.000Z');
  });

  test('has as its last step the whole run, so that steps add up to it', () => {
    const { info } = read('usage').payload;
    expect(info.last_token_usage).toEqual(info.total_token_usage);
  });

  test('is a completed turn, with the counters of one', () => {
    expect(read('turn.completed')).toMatchObject({ type: 'turn.completed', usage: USAGE });
  });

  test.for(EMIT_FORMS)('of the form %s tells the cost, what it is worth and whose it is', (form) => {
    const costUsd = (10_900 * 1000 + 103 * 8000) / 1e9;
    expect(read(form)).toMatchObject({
      total_cost_usd: costUsd,
      codex_metered: {
        ...{ schemaVersion: 1, invocationId: 'i1', projectId: 'shop' },
        ...{ runId: 'nightly-7', phase: 'builder', iteration: 3 },
        ...{ status: 'completed', exitCode: 0, source: 'actual', responseCount: 2, unpricedResponseCount: 0, costUsd },
      },
    });
  });

  test('gives no cost for the whole where a part has no price, and says what is estimated', () => {
    const unpriced = { costNanoUsd: undefined, source: 'estimated' } as const;
    const responses = [sampleResponse('r1', { costNanoUsd: 5000 }), sampleResponse('r2', unpriced)];
    expect(read('usage', { responses })).toMatchObject({
      total_cost_usd: null,
      codex_metered: { costNanoUsd: 5000, unpricedResponseCount: 1, source: 'mixed' },
    });
  });

  test.for(EMIT_FORMS)('of the form %s is not there where no usage is known', (form) => {
    expect(read(form, { responses: [] })).toBeUndefined();
  });

  test.for<Partial<InvocationFacts>>([
    { status: 'failed', exitCode: 1 },
    { status: 'interrupted', exitCode: undefined, signal: 'SIGTERM' },
    { status: 'completed', exitCode: 0, signal: 'SIGINT' },
  ])('does not say that a turn was completed in a run that was not: %j', (facts) => {
    expect(read('turn.completed', facts)).toBeUndefined();
    expect(read('usage', facts)).toMatchObject({ type: 'event_msg' });
  });

  test('is short enough to be written to a pipe whole or not at all', () => {
    expect(describeUsageLine('usage', FACTS)?.length).toBeLessThan(4096);
  });
});
