import { describe, expect, test } from 'vitest';
import { createHumanReader } from '../../../src/agents/codex/human.js';

const THREAD = '01a20131-e459-7d31-8cdb-60b6966c8fdd';

/** What the lines of `transcript` say. */
function read(transcript: string) {
  const reader = createHumanReader();
  return transcript.split('\n').flatMap((line) => reader(line) ?? []);
}

describe('the human-readable output', () => {
  test('names the model and the thread in its banner and its total on two lines', () => {
    const transcript = `OpenAI Codex v0.169.0\n--------\nmodel: gpt-a\nsession id: ${THREAD}\n--------\nuser\nmodel: b\ntokens used\n1,903`;
    expect(read(transcript)).toEqual([
      { kind: 'model', model: 'gpt-a' },
      { kind: 'thread_started', threadId: THREAD },
      { kind: 'blended_total', tokens: 1903 },
    ]);
  });

  test('names the thread as `thread id` where a server runs it', () => {
    const transcript = `Reading additional input from stdin...\nthread id: ${THREAD}\nwarning: none\ntokens used\n1,903`;
    expect(read(transcript)).toEqual([
      { kind: 'thread_started', threadId: THREAD },
      { kind: 'blended_total', tokens: 1903 },
    ]);
  });

  test('has its total on one line in 0.40', () => {
    expect(read('[2025-09-24T10:00:00] tokens used: 951\ntokens used: 951')).toContainEqual({
      kind: 'blended_total',
      tokens: 951,
    });
    expect(read('tokens used: 1,234,567')).toEqual([{ kind: 'blended_total', tokens: 1_234_567 }]);
  });

  test('has no total where the figure is more than a count can be', () => {
    expect(read('tokens used\n99,999,999,999,999,999,999')).toEqual([{ kind: 'blended_total', tokens: undefined }]);
    expect(read('tokens used: 9007199254740993')).toEqual([{ kind: 'blended_total', tokens: undefined }]);
  });

  test('may be in colour, and end its lines in any way', () => {
    const transcript = `\u001b[1msession id:\u001b[0m ${THREAD}\r\n\u001b[35;3mtokens used\u001b[0m\r\n\u001b[2m12,000\u001b[0m\r`;
    expect(read(transcript)).toEqual([
      { kind: 'thread_started', threadId: THREAD },
      { kind: 'blended_total', tokens: 12_000 },
    ]);
  });

  test('may hold the words of the banner and the footer in a prompt or an answer', () => {
    const other = '01a20131-0000-7000-8000-000000000001';
    const transcript = `session id: ${THREAD}\nuser\nsession id: ${other}\ntokens used\nmany\ntokens used\n77\ntokens used\n1,903`;
    expect(read(transcript)).toEqual([
      { kind: 'thread_started', threadId: THREAD },
      { kind: 'blended_total', tokens: 77 },
      { kind: 'blended_total', tokens: 1903 },
    ]);
  });

  test('reports another model, where a warning of it follows, and a tier that was left out', () => {
    const rerouted = '\u001b[33;1mmodel rerouted:\u001b[0m gpt-a -> gpt-b';
    expect(read(`${rerouted}\nwarning: this request was routed to gpt-b as a fallback`)).toEqual([
      { kind: 'rerouted', from: 'gpt-a', to: 'gpt-b' },
    ]);
    expect(read(`${rerouted}\nwarning: anything\n${rerouted}\n`)).toEqual([]);
    expect(
      read(
        'warning: Configured service tier `flex` is not advertised as supported for model `gpt-a` and will be omitted',
      ),
    ).toEqual([{ kind: 'tier_omitted', tier: 'flex', model: 'gpt-a' }]);
  });

  test('says nothing else', () => {
    expect(read('session id: none\nthe tokens used: 5\n  tokens used: 5\n1,903\ntokens used\n\n1,903')).toEqual([]);
  });
});
