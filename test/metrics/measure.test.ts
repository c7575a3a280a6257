import { describe, expect, it } from 'vitest';
import { type MeasureOptions, measure } from '../../src/metrics/measure.js';
import { toPrometheus } from '../../src/metrics/prometheus.js';
import { advanceCursor, beginTarget, confirmNonce, listEntries } from '../../src/store/outbox.js';
import type { Store } from '../../src/store/store.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { HAS_PROMTOOL, NEEDS_PROMTOOL, parseSeries, promtool } from '../harness/prometheus.js';
import { createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

const SHOP = '{provider="codex",project="shop",model="gpt-5.3-codex",source="actual"}';

function write(store: Store, options: Partial<MeasureOptions> = {}): string {
  return toPrometheus(measure(store, { nowMs: START + 60_000, version: '1.2.3', ...options }));
}

const series = (store: Store, options: Partial<MeasureOptions> = {}) => parseSeries(write(store, options));

function record(store: Store, projectId: string, ...responses: PricedResponse[]): void {
  const id = `of ${projectId}`;
  const threadId = `thread of ${projectId}`;
  const attribution = { projectId };
  store.record({
    invocation: sampleInvocation(id, { attribution }),
    responses: responses.map((one) => ({ ...one, threadId })),
  });
}

describe('the metrics of a record', () => {
  it('are its sums', () => {
    const store = createStore();
    const responses = [
      sampleResponse('1'),
      sampleResponse('2'),
      sampleResponse('3', { model: 'new', costNanoUsd: undefined }),
    ];
    const rateLimits = [
      {
        provider: 'codex',
        limitId: 'codex',
        windowMinutes: 299,
        usedPercent: 12.5,
        resetsAtMs: START + 3_600_000,
        observedAtMs: START,
      },
      {
        provider: 'codex',
        limitId: 'gone',
        windowMinutes: 60,
        usedPercent: 90,
        resetsAtMs: START + 1000,
        observedAtMs: START,
      },
    ] as const;
    store.record({
      invocation: sampleInvocation('a'),
      responses,
      rateLimits,
      update: { status: 'failed', endedAtMs: START },
    });
    store.record({ invocation: sampleInvocation('b') });
    expect(series(store)).toEqual({
      [`codex_metered_input_tokens_total${SHOP}`]: 2000,
      [`codex_metered_cached_input_tokens_total${SHOP}`]: 800,
      [`codex_metered_cache_write_tokens_total${SHOP}`]: 0,
      [`codex_metered_output_tokens_total${SHOP}`]: 400,
      [`codex_metered_reasoning_tokens_total${SHOP}`]: 100,
      [`codex_metered_cost_usd_total${SHOP}`]: 0.0052,
      [`codex_metered_responses_total${SHOP}`]: 2,
      [`codex_metered_unpriced_responses_total${SHOP}`]: 0,
      ...Object.fromEntries(
        Object.entries({
          input_tokens: 1000,
          cached_input_tokens: 400,
          cache_write_tokens: 0,
          output_tokens: 200,
          reasoning_tokens: 50,
          responses: 1,
          unpriced_responses: 1,
        }).map(([name, value]) => [`codex_metered_${name}_total${SHOP.replace('gpt-5.3-codex', 'new')}`, value]),
      ),
      'codex_metered_invocations_total{status="failed",phase="builder"}': 1,
      'codex_metered_invocations_running{phase="builder"}': 1,
      'codex_metered_rate_limit_used_ratio{provider="codex",limit_id="codex",window_minutes="300"}': 0.125,
      'codex_metered_rate_limit_resets_timestamp_seconds{provider="codex",limit_id="codex",window_minutes="300"}':
        (START + 3_600_000) / 1000,
      codex_metered_summed_up_series: 0,
      'codex_metered_build_info{version="1.2.3"}': 1,
    });
  });

  it('never fall: what the record was corrected by is told beside them, until the truth has caught up', () => {
    const store = createStore();
    record(store, 'shop', sampleResponse('1'));
    const input = `codex_metered_input_tokens_total${SHOP}`;
    const ahead = `codex_metered_corrections_tokens${SHOP.replace('}', ',kind="input"}')}`;
    expect(series(store)[input]).toBe(1000);
    record(store, 'shop', sampleResponse('1', { usage: { input: 990 }, evidence: 'usage_record' }));
    expect(series(store)).toMatchObject({ [input]: 1000, [ahead]: 10 });
    expect(series(store)[`codex_metered_corrections_cost_usd${SHOP}`]).toBeCloseTo(0.00001, 9);
    record(store, 'shop', sampleResponse('2', { usage: { input: 500 } }));
    const caughtUp = series(store);
    expect(caughtUp[input]).toBe(1490);
    expect(caughtUp).not.toHaveProperty(ahead);
  });

  it('say what waits for a target of the fleet', () => {
    const store = createStore();
    record(store, 'shop', sampleResponse('1'));
    beginTarget(store.connection, { name: 'work', settings: '' });
    const nowMs = Date.now() + 60_000;
    const found = series(store, { nowMs });
    expect(found['codex_metered_outbox_entries{target="work"}']).toBe(2);
    expect(found['codex_metered_outbox_oldest_seconds{target="work"}']).toBeGreaterThanOrEqual(59);
    advanceCursor(store.connection, 'work', listEntries(store.connection, 0, 100).at(-1)?.seq ?? 0);
    confirmNonce(store.connection, 'work', { nonce: 'n', clockSkewMs: null });
    const later = series(store, { nowMs });
    expect(later).toMatchObject({
      'codex_metered_outbox_entries{target="work"}': 0,
      'codex_metered_outbox_oldest_seconds{target="work"}': 0,
    });
    expect(later['codex_metered_last_push_timestamp_seconds{target="work"}']).toBeCloseTo(Date.now() / 1000, -1);
  });

  it('keep the series of what the record has no more', () => {
    const store = createStore();
    record(store, 'shop', sampleResponse('1', { source: 'estimated', evidence: 'tokenizer' }));
    const estimated = SHOP.replace('actual', 'estimated');
    expect(series(store)[`codex_metered_responses_total${estimated}`]).toBe(1);
    record(store, 'shop', sampleResponse('1'));
    expect(series(store)).toMatchObject({
      [`codex_metered_responses_total${SHOP}`]: 1,
      [`codex_metered_responses_total${estimated}`]: 1,
      [`codex_metered_corrections_responses${estimated.replace('}', ',kind="all"}')}`]: 1,
    });
  });

  it('begin at the same moment in every measurement, whatever is imported later', () => {
    const store = createStore();
    record(store, 'shop', sampleResponse('1'));
    const { beginningMs } = measure(store, { nowMs: START, version: '' });
    expect(beginningMs).toBeLessThanOrEqual(START);
    record(store, 'old', sampleResponse('0', { completedAtMs: START - 86_400_000 }));
    expect(measure(store, { nowMs: START + 1, version: '' }).beginningMs).toBe(beginningMs);
  });

  it('sum up what is beyond the bound, the cheapest first, and let no series go over later', () => {
    const store = createStore();
    for (let project = 0; project < 30; project++) {
      record(store, `p${project}`, sampleResponse('1', { costNanoUsd: 1000 * project }));
    }
    const text = write(store, { mostGroups: 10 });
    const found = parseSeries(text);
    const costs = Object.entries(found).filter(([name]) => name.startsWith('codex_metered_cost_usd_total'));
    expect(costs).toHaveLength(11);
    expect(
      found['codex_metered_cost_usd_total{provider="codex",project="(other)",model="(other)",source="actual"}'],
    ).toBe(0.00019);
    expect(found.codex_metered_summed_up_series).toBe(20);
    expect(text).toContain('# 20 combinations of provider, project, model and source are summed up as "(other)"');
    record(store, 'p0', sampleResponse('2', { costNanoUsd: 1e9 }));
    const later = series(store, { mostGroups: 10 });
    expect(Object.keys(later).filter((name) => name.includes('project="p0"'))).toEqual([]);
    expect(
      later['codex_metered_cost_usd_total{provider="codex",project="(other)",model="(other)",source="actual"}'],
    ).toBe(1.00019);
  });

  it('escape names, write control characters out, cut what is endless, and add up what is then alike', () => {
    const store = createStore();
    record(store, 'a "b" \\ c', sampleResponse('1'));
    record(store, 'line\nbreak\u0000', sampleResponse('2'));
    record(store, `${'long'.repeat(100)}1`, sampleResponse('3'));
    record(store, `${'long'.repeat(100)}2`, sampleResponse('4'));
    const names = Object.entries(series(store)).flatMap(([name, value]) => {
      const project = /^codex_metered_responses_total\{provider="codex",project="(.*)",model/.exec(name)?.[1];
      return project === undefined ? [] : [[project, value]];
    });
    expect(Object.fromEntries(names)).toEqual({
      'a \\"b\\" \\\\ c': 1,
      'line\\\\u000abreak\\\\u0000': 1,
      [`${'long'.repeat(49)}lon…`]: 2,
    });
  });

  it.skipIf(!HAS_PROMTOOL)(`are what promtool takes, with hostile names too${NEEDS_PROMTOOL}`, () => {
    const store = createStore();
    for (const name of ['shop', 'a "b" \\ c', 'x\ny\r\t\u001b[31m', '日本 🦀', ''])
      record(store, name, sampleResponse('1'));
    record(store, 'shop', sampleResponse('1', { usage: { input: 1 } }));
    write(store);
    record(store, 'shop', sampleResponse('1', { usage: { input: 0 } }));
    const text = write(store);
    expect(text).toContain('codex_metered_corrections_tokens{');
    expect(promtool(['check', 'metrics'], text)).toEqual({ exitCode: 0, output: '' });
  });
});
