import { describe, expect, test } from 'vitest';
import { parseCodexEvent } from '../../../src/agents/codex/events.js';

const parse = (event: unknown) => parseCodexEvent(JSON.stringify(event));

describe('a line of codex exec --json', () => {
  test('names the thread', () => {
    expect(parse({ type: 'thread.started', thread_id: 't1' })).toEqual({ kind: 'thread_started', threadId: 't1' });
  });

  test('has what a turn used, as far as the version writes it', () => {
    expect(
      parse({ type: 'turn.completed', usage: { input_tokens: 5, cached_input_tokens: 2, output_tokens: 3 } }),
    ).toEqual({
      kind: 'turn_completed',
      usage: { input: 5, cachedInput: 2, cacheWrite: 0, output: 3, reasoning: 0 },
    });
    expect(
      parse({
        usage: {
          reasoning_output_tokens: 1,
          output_tokens: 3,
          something_new: {},
          cache_write_input_tokens: 4,
          cached_input_tokens: 2,
          input_tokens: 9,
        },
        type: 'turn.completed',
      }),
    ).toEqual({ kind: 'turn_completed', usage: { input: 9, cachedInput: 2, cacheWrite: 4, output: 3, reasoning: 1 } });
  });

  test('distinguishes a turn that failed from a stream that is taken up again', () => {
    expect(parse({ type: 'turn.failed', error: { message: 'no' } })).toEqual({ kind: 'turn_failed' });
    expect(parse({ type: 'error', message: 'Reconnecting... 1/5' })).toEqual({ kind: 'reconnecting' });
    expect(parse({ type: 'error', message: 'no' })).toEqual({ kind: 'irrelevant' });
    expect(parse({ type: 'error' })).toEqual({ kind: 'irrelevant' });
  });

  test('reports in an error item another model, or a tier that was left out', () => {
    const item = (message: string) => parse({ type: 'item.completed', item: { id: 'item_2', type: 'error', message } });
    expect(item('model rerouted: gpt-a -> gpt-b (HighRiskCyberActivity)')).toEqual({
      ...{ kind: 'rerouted', from: 'gpt-a', to: 'gpt-b' },
    });
    expect(
      item(
        'Configured service tier `priority` is not advertised as supported for model `gpt-a` and will be omitted from requests.',
      ),
    ).toEqual({ kind: 'tier_omitted', tier: 'priority', model: 'gpt-a' });
    expect(item('I say: model rerouted: gpt-a -> gpt-b (No)')).toEqual({ kind: 'irrelevant' });
    const answer = { id: 'item_2', type: 'agent_message', text: 'model rerouted: gpt-a -> gpt-b (No)' };
    expect(parse({ type: 'item.completed', item: answer })).toEqual({ kind: 'irrelevant' });
  });

  test('may have a key twice, and be of a type or an age that nobody knows', () => {
    expect(parseCodexEvent('{"type":"item.completed","item":{"id":"a","id":"b"}}')).toEqual({ kind: 'irrelevant' });
    expect(parse({ type: 'shiny.new' })).toEqual({ kind: 'irrelevant' });
    expect(parse({ id: '0', msg: { type: 'token_count', info: null } })).toEqual({ kind: 'irrelevant' });
  });

  test('is irrelevant where --meter-emit has written it, because it repeats other lines', () => {
    const usage = { input_tokens: 10, output_tokens: 1 };
    expect(parse({ type: 'turn.completed', usage })).toMatchObject({ kind: 'turn_completed' });
    expect(parse({ type: 'turn.completed', usage, codex_metered: {} })).toEqual({ kind: 'irrelevant' });
  });

  const IMPOSSIBLE = 'turn.completed with a count that cannot be';
  test.for([
    ['', 'not JSON'],
    ['{"type":"thread.started"', 'not JSON'],
    ['null', 'not a JSON object'],
    ['[{"type":"thread.started"}]', 'not a JSON object'],
    ['{"type":"thread.started"}', 'thread.started without a thread id'],
    ['{"type":"turn.completed"}', 'turn.completed without usage'],
    ['{"type":"turn.completed","usage":{"input_tokens":-1,"output_tokens":1}}', IMPOSSIBLE],
    ['{"type":"turn.completed","usage":{"input_tokens":1.5,"output_tokens":1}}', IMPOSSIBLE],
    ['{"type":"turn.completed","usage":{"input_tokens":1e400,"output_tokens":1}}', IMPOSSIBLE],
    ['{"type":"turn.completed","usage":{"input_tokens":9007199254740993,"output_tokens":1}}', IMPOSSIBLE],
    ['{"type":"turn.completed","usage":{"input_tokens":"1","output_tokens":1}}', IMPOSSIBLE],
  ])('is refused with a reason: %s', ([line, reason]) => {
    expect(parseCodexEvent(line as string)).toEqual({ kind: 'unrecognised', reason });
  });
});
