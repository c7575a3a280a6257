import { describe, expect, it, test } from 'vitest';
import { openReaders } from '../../src/agents/readers.js';
import { AGENT_IDS } from '../../src/agents/registry.js';
import { createSessionReader, looksLikeObject, type RecordReader } from '../../src/agents/session-reader.js';
import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';

/** A format of the test's own: `{"bad": …}` is refused, `{"skip": …}` is not parsed, and every other object is a record. */
function openSample(options: Pick<RecordReader, 'isDocument'> = {}) {
  const taken: object[] = [];
  const reader = createSessionReader({
    ...options,
    threadId: undefined,
    waiting: 0,
    isIrrelevant: (line) => line.includes('"skip"'),
    take(record) {
      taken.push(record);
      return 'bad' in record ? 'a bad record' : undefined;
    },
    drain: () => ({ threads: [], packs: [], responses: [] }),
    save: () => undefined,
  });
  const read = (text: string) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 1024 * 1024) reader.lines.push(bytes.subarray(at, at + 1024 * 1024));
    reader.lines.end();
    const { unreadableLines, firstUnreadable } = reader;
    return { taken, unreadableLines, firstUnreadable };
  };
  return { read };
}

describe('a reader of session files', () => {
  it('hands on the object of each line that may say something', () => {
    const text = '\ufeff{"a":1}\n  {"b":2}\r\n\n{"skip":1}\n{"skip": cut\n{"c":3}';
    expect(openSample().read(text)).toEqual({
      taken: [{ a: 1 }, { b: 2 }, { c: 3 }],
      unreadableLines: 0,
      firstUnreadable: undefined,
    });
  });

  it.each([
    ['no JSON', 'hello', 'not JSON'],
    ['cut', '{"a":', 'not JSON'],
    ['no object', '[1]', 'not a JSON object'],
    ['refused', '{"bad":1}', 'a bad record'],
    ['longer than is held', `{"a":"${'x'.repeat(32 * 1024 * 1024)}"}`, 'line too long'],
  ])('counts a line that is %s, and says which is the first one and why', (_what, line, reason) => {
    expect(openSample().read(`{"a":1}\n\n${line}\n{"a":2}\n${line}\n`)).toMatchObject({
      unreadableLines: 2,
      firstUnreadable: { line: 3, reason },
    });
  });

  it('takes an object for what it is, though it calls itself a refusal', () => {
    const record = { kind: 'unrecognised', reason: 'a text that must not be told' };
    expect(openSample().read(JSON.stringify(record))).toMatchObject({ taken: [record], unreadableLines: 0 });
  });

  it('takes a document as one record', () => {
    expect(openSample({ isDocument: true }).read('{\n"a": 1\n}\n')).toMatchObject({ taken: [{ a: 1 }] });
  });
});

describe('the reader of Codex', () => {
  const open = openReaders({ pricer: new Pricer(createPriceBook()), nameProject: () => 'shop' }).codex;
  const record = (id: number, input: number) =>
    `{"timestamp":"2026-11-24T11:44:00.411Z","type":"token_usage_record","payload":{"thread_id":"t","turn_id":"u","session_id":"t","root_turn_id":"u","response_id":"r${id}","usage":{"input_tokens":${input},"cached_input_tokens":0,"output_tokens":1,"reasoning_output_tokens":0,"total_tokens":1}}}`;
  const header = '{"timestamp":"2026-11-24T11:44:00.411Z","type":"session_meta","payload":{"id":"t"}}';

  it.each([100, 5000, 1_000_000])(
    'gives the number of a response that is impossible, in chunks of %d bytes',
    (step) => {
      const lines = Array.from({ length: 1000 }, (_, id) => record(id, id === 900 ? 2_000_000_000 : 1));
      const bytes = Buffer.from(`${[header, '', '\r', ...lines].join('\n')}\n`);
      const reader = open('/sessions/rollout-x.jsonl', undefined);
      for (let at = 0; at < bytes.length; at += step) reader.lines.push(bytes.subarray(at, at + step));
      const responses = reader.records.drain().packs.map((pack) => pack.responses);
      expect(responses).toEqual([999]);
      expect(reader).toMatchObject({ unreadableLines: 1, firstUnreadable: { line: 904 } });
      expect(reader.lines.endedBytes).toBe(bytes.length);
    },
  );
});

describe.each(AGENT_IDS)('the reader of %s', (id) => {
  const open = openReaders({ pricer: new Pricer(createPriceBook()), nameProject: () => 'shop' })[id];

  it.each(['hello', '[]', '{"sessionId":', '"usage"', '{"type":"assistant","tokens":1,"cut'])(
    'counts a line that is no JSON object, with a reason: %s',
    (line) => {
      const reader = open('/sessions/rollout-x.jsonl', undefined);
      reader.lines.push(Buffer.from(`${line}\n`));
      const reason = line === '[]' || line === '"usage"' ? 'not a JSON object' : 'not JSON';
      expect(reader).toMatchObject({ unreadableLines: 1, firstUnreadable: { line: 1, reason } });
    },
  );
});

test.each([
  ['{}', true],
  [' {"a":1}\r', true],
  ['\ufeff{}', true],
  ['{"a":1', false],
  ['"a"}', false],
  ['', false],
])('%j looks like an object: %s', (line, looks) => {
  expect(looksLikeObject(Buffer.from(line))).toBe(looks);
});
