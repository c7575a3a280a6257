import { describe, expect, it } from 'vitest';
import { parseItemLine } from '../../../src/agents/codex/items.js';

const AT = '2026-10-05T08:00:00.250Z';
const AT_MS = Date.parse(AT);

describe('a line of a session file, for the estimate', () => {
  it('is the header with the instructions to the model', () => {
    const payload = { id: 'thread', cli_version: '0.169.0', source: 'exec', base_instructions: { text: 'Be brief.' } };
    expect(parse('session_meta', payload)).toEqual({
      ...{ atMs: AT_MS, ordinal: undefined, kind: 'session', threadId: 'thread', cliVersion: '0.169.0' },
      ...{ role: 'main', instructions: 'Be brief.', historyBase: undefined },
    });
  });

  it.each([
    ['exec', 'main'],
    [{ subagent: 'review' }, 'review'],
    [{ subagent: { thread_spawn: { depth: 1 } } }, 'child'],
  ])('says what a thread of source %j is for', (source, role) => {
    expect(parse('session_meta', { id: 'thread', source })).toMatchObject({ role });
  });

  it('says which thread has the history of a forked one', () => {
    const base = { thread_id: 'parent', end_ordinal_exclusive: 19, end_byte_offset: 37_241 };
    const payload = { id: 'thread', source: 'exec', history_base: base };
    expect(parse('session_meta', payload)).toMatchObject({ historyBase: { threadId: 'parent', endOrdinal: 19 } });
  });

  it('does not take the instructions of the user in old headers for those of Codex', () => {
    expect(parse('session_meta', { id: 'thread', source: 'exec', instructions: 'mine' })).toMatchObject({
      instructions: undefined,
    });
  });

  it('is an item of the conversation with its turn and sequence', () => {
    const payload = {
      ...{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] },
      internal_chat_message_metadata_passthrough: { turn_id: 'turn' },
    };
    expect(parse('response_item', payload, { ordinal: 7, metadata: { sampled_through_sequence: 3 } })).toEqual({
      ...{ atMs: AT_MS, ordinal: 7, kind: 'context_item', turnId: 'turn', sequence: 3, from: 'model' },
      content: { kind: 'plain', text: 'hi', sealedChars: 0, images: 0 },
    });
  });

  it.each([
    ['a message', { type: 'message', role: 'developer', content: [text('a'), text('b')] }, 'message', 'a\nb'],
    ['a call', { type: 'function_call', name: 'exec', arguments: '{"cmd":"ls"}' }, 'model', 'exec {"cmd":"ls"}'],
    [
      'a call into a namespace',
      { type: 'function_call', namespace: 'n', name: 'f', arguments: '{}' },
      'model',
      'n f {}',
    ],
    ['a custom call', { type: 'custom_tool_call', name: 'apply_patch', input: '***' }, 'model', 'apply_patch ***'],
    ['a shell call', { type: 'local_shell_call', action: { command: ['ls'] } }, 'model', '{"command":["ls"]}'],
    ['a web search', { type: 'web_search_call', action: { query: 'q' } }, 'model', '{"query":"q"}'],
    ['a search for tools', { type: 'tool_search_call', arguments: { query: 'q' } }, 'model', '{"query":"q"}'],
    ['an output', { type: 'function_call_output', output: 'out' }, 'tool', 'out'],
    ['an output in parts', { type: 'custom_tool_call_output', output: [text('a')] }, 'tool', 'a'],
    ['tools that were found', { type: 'tool_search_output', tools: [{ name: 't' }] }, 'tool', '[{"name":"t"}]'],
    ['the list of tools', { type: 'additional_tools', tools: [{ name: 't' }] }, 'tool_list', '[{"name":"t"}]'],
    ['reasoning', { type: 'reasoning', summary: [text('so')] }, 'model', 'so'],
    ['bare reasoning', { type: 'reasoning', summary: [text('so')], content: [text('so so')] }, 'model', 'so so'],
    [
      'a letter',
      { type: 'agent_message', author: '/a', recipient: '/b', content: [text('c')] },
      'message',
      '/a\n/b\nc',
    ],
  ])('has the text of %s', (_, payload, from, expected) => {
    expect(parse('response_item', payload)).toMatchObject({ kind: 'context_item', from, content: { text: expected } });
  });

  it('has the length of what is encrypted', () => {
    const sealed = { type: 'reasoning', summary: [], encrypted_content: 'abcd' };
    expect(parse('response_item', sealed)).toMatchObject({ content: { kind: 'reasoning', sealedChars: 4 } });
    const letter = {
      type: 'agent_message',
      author: 'a',
      recipient: 'b',
      content: [{ type: 'x', encrypted_content: 'ab' }],
    };
    expect(parse('response_item', letter)).toMatchObject({ content: { kind: 'plain', sealedChars: 2 } });
  });

  it('counts images and leaves their data out of the text', () => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' };
    const payload = { type: 'function_call_output', output: [text('see'), image] };
    expect(parse('response_item', payload)).toMatchObject({ content: { text: 'see', images: 1 } });
  });

  it.each([
    ['task_complete', { turn_id: 't' }, 'completed'],
    ['task_complete', { turn_id: 't', error: null }, 'completed'],
    ['task_complete', { turn_id: 't', error: { message: 'nope' } }, 'failed'],
    ['turn_aborted', { turn_id: 't', reason: 'interrupted' }, 'aborted'],
  ])('is the end of a turn: %s with %j', (type, payload, outcome) => {
    expect(parse('event_msg', { type, ...payload })).toMatchObject({ kind: 'turn_ended', turnId: 't', outcome });
  });

  it('is a compaction with the items that replace the conversation', () => {
    const payload = {
      message: 'sum',
      replacement_history: [{ type: 'message', role: 'user', content: [text('a')] }, { type: 'ghost_snapshot' }],
    };
    expect(parse('compacted', payload)).toMatchObject({
      ...{ kind: 'compacted', message: 'sum' },
      replacement: [{ from: 'message', content: { text: 'a' } }],
    });
    expect(parse('compacted', { message: 'sum' })).toMatchObject({ replacement: undefined });
  });

  it.each([
    ['turn_context', { turn_id: 't', model: 'm' }, { kind: 'turn_context', turnId: 't', model: 'm' }],
    ['event_msg', { type: 'task_started', turn_id: 't' }, { kind: 'turn_started', turnId: 't' }],
    ['event_msg', { type: 'token_count', info: null }, { kind: 'token_count', total: undefined }],
    [
      'token_usage_record',
      { thread_id: 'th', response_id: 'r', usage: { input_tokens: 1, output_tokens: 2 } },
      { kind: 'usage_record', threadId: 'th' },
    ],
  ])('is what the exact count reads too: %s %j', (type, payload, fact) => {
    expect(parse(type, payload)).toMatchObject(fact);
  });

  it.each([
    ['world_state', {}],
    ['event_msg', { type: 'agent_message', message: 'hi' }],
    ['event_msg', { type: 'thread_settings_applied', thread_settings: {} }],
    ['response_item', { type: 'ghost_snapshot' }],
    ['response_item', { type: 'configuration_update', reasoning: {} }],
  ])('is irrelevant when it holds nothing to count: %s %j', (type, payload) => {
    expect(parse(type, payload)).toEqual({ kind: 'irrelevant' });
  });

  it.each([
    ['no JSON', '{"timestamp":"', 'not JSON'],
    ['no object', '[]', 'not a JSON object'],
    ['an unknown item', line('response_item', { type: 'telepathy' }), 'response_item of an unknown shape: telepathy'],
    [
      'an item of another shape',
      line('response_item', { type: 'function_call' }),
      'response_item of an unknown shape: function_call',
    ],
    ['a header without an id', line('session_meta', {}), 'session_meta of an unknown shape'],
    ['no payload', JSON.stringify({ timestamp: AT, type: 'compacted', payload: 'x' }).replace('"x"', '[1'), 'not JSON'],
    ['no time', JSON.stringify({ type: 'compacted', payload: {} }), 'compacted without a time'],
    ['an unknown record', line('telepathy', {}), 'unknown record type telepathy'],
  ])('is unrecognised when it is %s, and says why without its content', (_, given, reason) => {
    expect(parseItemLine(given)).toEqual({ kind: 'unrecognised', reason });
  });
});

function text(words: string) {
  return { type: 'input_text', text: words };
}

function line(type: string, payload: unknown, more = {}): string {
  return JSON.stringify({ timestamp: AT, ...more, type, payload, ...more });
}

function parse(type: string, payload: unknown, more = {}) {
  return parseItemLine(line(type, payload, more));
}
