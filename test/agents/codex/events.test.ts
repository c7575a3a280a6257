import { describe, expect, test } from 'vitest';
import { parseCodexEvent } from '../../../src/agents/codex/events.js';

const parse = (event: unknown) => parseCodexEvent(JSON.stringify(event));

describe('a line of codex exec --json', () => {
  const USED = { input_tokens: 9, cached_input_tokens: 2, output_tokens: 3 };
  const COUNTED = { input: 9, cachedInput: 2, cacheWrite: 0, output: 3, reasoning: 0 };
  test.each([
    ['names the thread', { type: 'thread.started', thread_id: 't1' }, { kind: 'thread_started', threadId: 't1' }],
    ['has what a turn used', { type: 'turn.completed', usage: USED }, { kind: 'turn_completed', usage: COUNTED }],
    [
      'has what a turn used in another order, with all counters',
      {
        usage: { reasoning_output_tokens: 1, something_new: {}, cache_write_input_tokens: 4, ...USED },
        type: 'turn.completed',
      },
      { kind: 'turn_completed', usage: { ...COUNTED, cacheWrite: 4, reasoning: 1 } },
    ],
    ['says that a turn failed', { type: 'turn.failed', error: { message: 'no' } }, { kind: 'turn_failed' }],
    ['says that a stream is taken up', { type: 'error', message: 'Reconnecting... 1/5' }, { kind: 'reconnecting' }],
    ['may be another error', { type: 'error', message: 'no' }, { kind: 'irrelevant' }],
    ['may be an error without words', { type: 'error' }, { kind: 'irrelevant' }],
    ['may be of a type that nobody knows', { type: 'shiny.new' }, { kind: 'irrelevant' }],
    ['may be of an old form', { id: '0', msg: { type: 'token_count', info: null } }, { kind: 'irrelevant' }],
    [
      'is irrelevant where --meter-emit has written it, because it repeats other lines',
      { type: 'turn.completed', usage: USED, codex_metered: {} },
      { kind: 'irrelevant' },
    ],
  ])('%s', (_what, event, fact) => expect(parse(event)).toEqual(fact));

  test('reports in an error item another model, or a tier that was left out', () => {
    const item = (message: string) => parse({ type: 'item.completed', item: { id: 'item_2', type: 'error', message } });
    const rerouted = { kind: 'rerouted', from: 'gpt-a', to: 'gpt-b' };
    expect(item('model rerouted: gpt-a -> gpt-b (HighRiskCyberActivity)')).toEqual(rerouted);
    const omitted =
      'Configured service tier `priority` is not advertised as supported for model `gpt-a` and will be omitted';
    expect(item(`${omitted} from requests.`)).toEqual({ kind: 'tier_omitted', tier: 'priority', model: 'gpt-a' });
    expect(item('I say: model rerouted: gpt-a -> gpt-b (No)')).toEqual({ kind: 'irrelevant' });
    const answer = { id: 'item_2', type: 'agent_message', text: 'model rerouted: gpt-a -> gpt-b (No)' };
    expect(parse({ type: 'item.completed', item: answer })).toEqual({ kind: 'irrelevant' });
  });

  test('may have a key twice', () => {
    expect(parseCodexEvent('{"type":"item.completed","item":{"id":"a","id":"b"}}')).toEqual({ kind: 'irrelevant' });
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
