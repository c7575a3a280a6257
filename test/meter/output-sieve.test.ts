import { describe, expect, test } from 'vitest';
import { createOutputReader } from '../../src/meter/output-reader.js';
import { createOutputSieve, type OutputLine } from '../../src/meter/output-sieve.js';

/** What comes through of a text that arrives in pieces of `bytes`. */
function pass(output: 'json' | 'human', text: string, bytes = 7): OutputLine[] {
  const lines: OutputLine[] = [];
  const sieve = createOutputSieve(output, (line) => lines.push(line));
  const whole = Buffer.from(text);
  for (let at = 0; at < whole.length; at += bytes) sieve.push(whole.subarray(at, at + bytes), at);
  sieve.end();
  return lines;
}

describe('the sieve', () => {
  test('hands on nothing of what was asked, answered or done', () => {
    const secret = 'zebra-crossing';
    const item = (type: string) =>
      JSON.stringify({ type: 'item.completed', item: { id: 'item_0', type, text: secret } });
    const stream = [
      '{"type":"turn.started"}',
      item('agent_message'),
      item('reasoning'),
      secret,
      `{"prompt":"${secret}"}`,
    ];
    const passed = pass('json', `${stream.join('\n')}\n`);
    expect(JSON.stringify(passed)).not.toContain(secret);
    expect(passed.map(({ text, problem }) => text ?? problem)).toEqual(['{"type":"turn.started"}', 'not JSON']);
    expect(pass('human', `user\n${secret}\ncodex\n${secret}\ntokens used\n1,903\n`).map(({ text }) => text)).toEqual([
      'tokens used',
      '1,903',
    ]);
  });

  test('says when a line arrived, and whether others stood before it', () => {
    const [first, second] = pass('json', '{"type":"turn.started"}\n{"type":"item.x"}\n{"type":"turn.failed"}\n', 1);
    expect([first?.follows, second?.follows]).toEqual(['directly', 'others']);
    expect(first?.atMs).toBe(23);
  });

  test('passes over a line that is too long to be held, and says so', () => {
    const long = `{"type":"turn.completed","usage":"${'x'.repeat(2_000_000)}"}`;
    expect(pass('json', `${long}\n{"type":"turn.started"}\n`, 65_536)).toMatchObject([
      { problem: 'line too long' },
      { text: '{"type":"turn.started"}' },
    ]);
  });

  test('leaves the transcript’s facts as they are: a reroute counts only where the warning follows at once', () => {
    const rerouted = 'model rerouted: gpt-a -> gpt-b (HighRiskCyberActivity)';
    const warning = 'warning: Your request was routed to gpt-b as a fallback.';
    const read = (text: string) => {
      const reader = createOutputReader('human', () => undefined);
      for (const line of pass('human', text)) reader.take(line);
      return reader.facts.remarks.map(({ kind }) => kind);
    };
    expect(read(`${rerouted}\n${warning}\n`)).toEqual(['rerouted']);
    expect(read(`${rerouted}\nas the prompt said\n${warning}\n`)).toEqual([]);
  });
});
