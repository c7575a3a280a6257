import { describe, expect, it } from 'vitest';
import { mayHoldUsage, parseTranscriptLine } from '../../../src/agents/claude/transcript.js';

const mayHoldUsageIn = (text: string) => mayHoldUsage(Buffer.from(text));

describe('a line of a transcript', () => {
  it.each([
    '{"type":"assistant","message":{"usage":{}}}',
    '{ "message" : { "usage" : { } }, "type" : "assistant" }',
    '{"type":"cost-state"}',
    '{"type" :\t"system", "subtype": "compact_boundary"}',
    '{"x":{"type":"user"},"type":"assistant","message":{"usage":{}}}',
    '{"cwd":"/a {b}","type":"user","message":{"usage":{}}}',
  ])('may hold usage: %s', (text) => expect(mayHoldUsageIn(text)).toBe(true));

  it.each([
    JSON.stringify({ type: 'user', message: { content: 'he said "usage":{' } }),
    JSON.stringify({ parentUuid: null, type: 'user', toolUseResult: { usage: { input_tokens: 5 } } }),
    JSON.stringify({ type: 'summary', summary: '{"type":"cost-state"}' }),
    '{}',
  ])('holds no usage, and is not parsed: %s', (text) => expect(mayHoldUsageIn(text)).toBe(false));

  it.each([
    [{ type: 'assistant', message: { usage: 7 } }, 'assistant of an unknown shape'],
    [{ type: 'cost-state' }, 'cost-state of an unknown shape'],
  ])('is refused with a reason: %j', (line, reason) => {
    expect(parseTranscriptLine(line)).toEqual({ kind: 'unrecognised', reason });
  });

  it('is of the session that asked, where it is a copy', () => {
    const message = { id: 'm', model: 'x', usage: { input_tokens: 1, output_tokens: 1 } };
    const line = {
      type: 'assistant',
      sessionId: 'fork',
      requestSessionId: 'parent',
      timestamp: '2026-10-01T00:00:00Z',
      message,
    };
    expect(parseTranscriptLine(line)).toMatchObject({ sessionId: 'parent', heldBy: 'fork' });
  });
});
