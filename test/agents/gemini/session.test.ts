import { describe, expect, it } from 'vitest';
import { gemini } from '../../../src/agents/gemini/agent.js';
import { parseSessionRecord } from '../../../src/agents/gemini/session.js';

const TOKENS = { input: 1000, output: 100, cached: 400, thoughts: 30, tool: 0, total: 1130 };
const MESSAGE = {
  id: 'm1',
  timestamp: '2026-11-28T12:00:00.000Z',
  type: 'gemini',
  content: '',
  model: 'gemini-2.5-pro',
};

const parse = (record: Record<string, unknown>) => parseSessionRecord(record);

function parseTokens(tokens: unknown) {
  return parse({ ...MESSAGE, tokens });
}

describe('a record of Gemini CLI', () => {
  it('reads a response, with thoughts within the output and cached tokens within the input', () => {
    expect(parseTokens(TOKENS)).toMatchObject({
      messages: [
        {
          id: 'm1',
          model: 'gemini-2.5-pro',
          usage: { input: 1000, cachedInput: 400, cacheWrite: 0, output: 130, reasoning: 30 },
          addsUp: true,
        },
      ],
      unreadable: undefined,
    });
  });

  it('adds to the input what the tools of the API put into the prompt', () => {
    expect(parseTokens({ ...TOKENS, tool: 50, total: 1180 })).toMatchObject({
      messages: [{ usage: { input: 1050 }, addsUp: true }],
    });
  });

  it('shows counts that are not what the total beside them says', () => {
    expect(parseTokens({ ...TOKENS, total: 1100 })).toMatchObject({ messages: [{ addsUp: false }] });
    expect(parseTokens({ ...TOKENS, total: 0 })).toMatchObject({ messages: [{ addsUp: true }] });
  });

  it('reads nothing as long as the tokens of a message are not known', () => {
    for (const record of [MESSAGE, { ...MESSAGE, tokens: null }, { $rewindTo: 'm1' }, { $set: { summary: '…' } }]) {
      expect(parse(record)).toEqual({ kind: 'record', header: undefined, messages: [], unreadable: undefined });
    }
  });

  it.each([
    ['a count below zero', { ...TOKENS, input: -1 }],
    ['a count with a fraction', { ...TOKENS, output: 1.5 }],
    ['a count that is a text', { ...TOKENS, cached: '400' }],
    ['nothing but zeros', { input: 0, output: 0, cached: 0, thoughts: 0, tool: 0, total: 0 }],
    ['no counts', {}],
    ['something else', 12],
  ])('refuses a message with %s', (_, tokens) => {
    expect(parseTokens(tokens)).toMatchObject({ messages: [], unreadable: expect.stringContaining('a message') });
  });

  it('reads the messages beside one that cannot be read', () => {
    const broken = { ...MESSAGE, id: 'm2', timestamp: 'yesterday', tokens: TOKENS };
    expect(parse({ $set: { messages: [broken, { ...MESSAGE, tokens: TOKENS }, null, 1] } })).toMatchObject({
      messages: [{ id: 'm1' }],
      unreadable: 'a message without a time',
    });
  });

  it.each([[{ sessionId: 1 }], [{ sessionId: 's', projectHash: 'p' }]])(
    'refuses a header without a name or a time: %j',
    (header) => {
      expect(parse(header)).toEqual({ kind: 'unrecognised', reason: 'a header of an unknown shape' });
    },
  );
});

describe('a session file of Gemini CLI', () => {
  it.each([
    ['/home/user/.gemini/tmp/shop/chats', 'session-2026-11-28T17-46-83e5cd31.jsonl', true],
    ['/home/user/.gemini/tmp/shop/chats', 'session-2026-11-28T17-46-83e5cd31.json', true],
    ['/home/user/.gemini/tmp/shop/chats/b204bb88', '4950899d.jsonl', true],
    ['/home/user/.gemini/tmp/shop/chats', 'session-2026-11-28T17-46-83e5cd31.jsonl.unreadable-1795888032239', false],
    ['/home/user/.gemini/tmp/shop', 'logs.json', false],
    ['/home/user/.gemini/tmp/shop', 'session-notes.jsonl', false],
    ['/home/user/.gemini/tmp/shop/tool-outputs', 'rows.jsonl', false],
  ])('in %s: %s is one: %s', (folder, name, isOne) => {
    expect(gemini.isSessionFile(name, folder)).toBe(isOne);
  });
});
