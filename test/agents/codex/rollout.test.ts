import { describe, expect, test } from 'vitest';
import { parseRolloutLine } from '../../../src/agents/codex/rollout.js';

const TIME = '2026-03-04T05:06:07.089Z';
const AT = Date.UTC(2026, 2, 4, 5, 6, 7, 89);

const parse = (record: object) => parseRolloutLine(JSON.stringify(record));
const record = (type: string, payload: object) => parse({ timestamp: TIME, type, payload });
const event = (payload: object) => record('event_msg', payload);

const USAGE = {
  ...{ input_tokens: 9, cached_input_tokens: 2, cache_write_input_tokens: 1 },
  ...{ output_tokens: 4, reasoning_output_tokens: 3 },
};
const COUNTED = { input: 9, cachedInput: 2, cacheWrite: 1, output: 4, reasoning: 3 };

describe('a line of a session file', () => {
  test('is its header', () => {
    expect(record('session_meta', { id: 'child', session_id: 'root', cli_version: '0.169.0', cwd: '/shop' })).toEqual({
      ...{ kind: 'session', atMs: AT, threadId: 'child', sessionId: 'root', cliVersion: '0.169.0', cwd: '/shop' },
      base: undefined,
      isPaginated: false,
      role: 'main',
      interactive: false,
      tags: [],
    });
    expect(record('session_meta', { id: 'old' })).toMatchObject({ threadId: 'old', sessionId: 'old' });
  });

  test.each([
    ['exec', 'main'],
    [{ subagent: 'review' }, 'review'],
    [{ subagent: { thread_spawn: { parent_thread_id: 'root' } } }, 'subagent'],
    [{ subagent: { other: 'guardian' } }, 'guardian'],
  ])('says what the thread is for: %j', (source, role) => {
    expect(record('session_meta', { id: 'child', source })).toMatchObject({ role });
  });

  test.each([
    [{ source: 'cli' }, true],
    [{ source: 'vscode', originator: 'codex-tui' }, true],
    [{ source: 'exec', originator: 'codex_exec' }, false],
  ])('says whether the interactive Codex began it: %j', (header, interactive) => {
    expect(record('session_meta', { id: 'child', ...header })).toMatchObject({ interactive });
  });

  test('says from what the file goes on: two kinds of forks, and a page of the same thread', () => {
    expect(record('session_meta', { id: 'a', forked_from_id: 'b' })).toMatchObject({ base: 'copy' });
    const shared = { forked_from_ordinal_exclusive: 14, history_base: { thread_id: 'b', end_ordinal_exclusive: 14 } };
    expect(record('session_meta', { id: 'a', forked_from_id: 'b', ...shared })).toMatchObject({ base: 'continuation' });
    const page = { history_mode: 'paginated', history_base: { thread_id: 'a', end_ordinal_exclusive: 21 } };
    expect(record('session_meta', { id: 'a', ...page })).toMatchObject({ base: 'page', isPaginated: true });
  });

  test('is a response with its usage', () => {
    const ids = { thread_id: 't', turn_id: 'u', root_turn_id: 'r', response_id: 'resp' };
    expect(record('token_usage_record', { ...ids, usage: USAGE, thread_token_usage: USAGE })).toEqual({
      ...{ kind: 'usage_record', atMs: AT, threadId: 't', turnId: 'u', rootTurnId: 'r', responseId: 'resp' },
      usage: COUNTED,
    });
  });

  test('is a total, the model of a turn, the tier, or the start of a turn', () => {
    expect(event({ type: 'token_count', info: { total_token_usage: USAGE, last_token_usage: USAGE } })).toEqual({
      ...{ kind: 'token_count', atMs: AT, total: COUNTED, last: COUNTED },
    });
    expect(event({ type: 'token_count', info: null })).toEqual({ kind: 'token_count', atMs: AT });
    expect(record('turn_context', { turn_id: 'u', model: 'gpt-5.5' })).toMatchObject({ turnId: 'u', model: 'gpt-5.5' });
    expect(record('turn_context', { model: 'gpt-5' })).toMatchObject({ turnId: undefined, model: 'gpt-5' });
    expect(event({ type: 'thread_settings_applied', thread_settings: { service_tier: 'flex' } })).toMatchObject({
      kind: 'settings',
      serviceTier: 'flex',
    });
    expect(event({ type: 'task_started', turn_id: 'u' })).toMatchObject({ kind: 'turn_started', turnId: 'u' });
  });

  test('says how full the context is', () => {
    const info = { total_token_usage: USAGE, last_token_usage: { ...USAGE, total_tokens: 13 } };
    expect(event({ type: 'token_count', info: { ...info, model_context_window: 258_400 } })).toEqual({
      ...{ kind: 'token_count', atMs: AT, total: COUNTED, last: COUNTED },
      context: { tokens: 13, windowTokens: 258_400 },
    });
    expect(event({ type: 'token_count', info })).toMatchObject({ context: { tokens: 13 } });
  });

  test('says what is used of rate limits, as written by 0.42, 0.64 and 0.169', () => {
    const limitsOf = (rate_limits: unknown) => {
      const fact = event({ type: 'token_count', info: null, rate_limits });
      return fact.kind === 'token_count' ? fact.rateLimits : fact;
    };
    const hours = { provider: 'codex', limitId: 'codex', windowMinutes: 300, usedPercent: 12.5, observedAtMs: AT };
    const week = { ...hours, windowMinutes: 10_080, usedPercent: 17 };
    const old = { primary: { used_percent: 12.5, window_minutes: 300, resets_in_seconds: 3600 } };
    const secondary = { used_percent: 17.0, window_minutes: 10_080, resets_in_seconds: 86_400 };
    expect(limitsOf({ ...old, secondary })).toEqual([
      { ...hours, resetsAtMs: AT + 3_600_000 },
      { ...week, resetsAtMs: AT + 86_400_000 },
    ]);
    const primary = { used_percent: 12.5, window_minutes: 300, resets_at: 1_795_525_028 };
    const resets = [{ ...hours, resetsAtMs: 1_795_525_028_000 }];
    expect(limitsOf({ primary, secondary: null, credits: null })).toEqual(resets);
    expect(
      limitsOf({
        ...{ limit_id: 'codex_bengalfox', limit_name: 'spark', plan_type: null, rate_limit_reached_type: null },
        primary: { used_percent: 66.0, window_minutes: 60, resets_at: null },
        secondary: null,
      }),
    ).toEqual([{ ...hours, limitId: 'codex_bengalfox', windowMinutes: 60, usedPercent: 66, resetsAtMs: undefined }]);
  });

  test.each([
    ['nothing', null],
    ['a window without a length', { primary: { used_percent: 3, window_minutes: null } }],
    ['an unknown shape', { primary: 'plenty' }],
  ])('counts all the same where rate limits are %s', (_name, rate_limits) => {
    expect(event({ type: 'token_count', info: { total_token_usage: USAGE }, rate_limits })).toEqual({
      ...{ kind: 'token_count', atMs: AT, total: COUNTED },
    });
  });

  test('may have its keys in any order', () => {
    const payload = { info: { total_token_usage: USAGE }, type: 'token_count' };
    const total = { kind: 'token_count', total: COUNTED };
    expect(parse({ payload, type: 'event_msg', timestamp: TIME })).toMatchObject(total);
    expect(parse({ type: 'response_item', timestamp: TIME, payload: {} })).toEqual({ kind: 'irrelevant' });
  });

  test.for(['response_item', 'compacted', 'world_state'])(
    'says nothing of usage in a %s, not even a copy of it',
    (type) => {
      expect(record(type, { usage: USAGE, token_usage_record: { usage: USAGE } })).toEqual({ kind: 'irrelevant' });
      expect(parse({ payload: { usage: USAGE }, type })).toEqual({ kind: 'irrelevant' });
    },
  );

  test('says nothing of usage in an event of another kind, known or not', () => {
    expect(event({ type: 'agent_message', message: '{"type":"token_count"}' })).toEqual({ kind: 'irrelevant' });
    expect(event({ type: 'shiny_new' })).toEqual({ kind: 'irrelevant' });
  });

  test('is not taken for what its text quotes', () => {
    const quoted = `{"timestamp":"${TIME}","type":"token_usage_record","payload":{}}`;
    expect(record('response_item', { type: 'message', text: quoted })).toEqual({ kind: 'irrelevant' });
  });

  test.for([
    ['', 'not JSON'],
    ['{"timestamp":"2026-03-04T05:06:07.089Z","type":"token_usage_rec', 'not JSON'],
    ['42', 'not a JSON object'],
    ['{}', 'unknown record type undefined'],
    [JSON.stringify({ timestamp: TIME, type: 'shiny_new', payload: {} }), 'unknown record type shiny_new'],
    [JSON.stringify({ timestamp: TIME, type: 'a secret, not a name', payload: {} }), 'unknown record type'],
    [JSON.stringify({ timestamp: TIME, type: 'session_meta', payload: {} }), 'session_meta of an unknown shape'],
    [JSON.stringify({ timestamp: TIME, type: 'session_meta', payload: null }), 'session_meta of an unknown shape'],
    [JSON.stringify({ type: 'session_meta', payload: { id: 'x' } }), 'session_meta without a time'],
    [
      `{"timestamp":"${TIME}","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":5}}}`,
      'token_count of an unknown shape',
    ],
  ])('is refused with a reason: %s', ([line, reason]) => {
    expect(parseRolloutLine(line as string)).toEqual({ kind: 'unrecognised', reason });
  });
});
