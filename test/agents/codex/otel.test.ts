import { describe, expect, test } from 'vitest';
import { parseOtelBody } from '../../../src/agents/codex/otel.js';
import { completedRecord, otelBody } from '../../harness/otel.js';

const GOOD = completedRecord('thread', { input: '100', output: '5' });

describe('the telemetry of Codex', () => {
  test('reads the counts of a response, as text and as numbers', () => {
    const records = [
      completedRecord('one', { input: '100', cached: '40', cacheWrite: '10', output: '5', reasoning: '2' }),
      completedRecord('two', { input: 1_000_000_000, output: 0 }),
    ];
    expect(parseOtelBody(otelBody(...records))).toMatchObject([
      { kind: 'counted', usage: { input: 100, cachedInput: 40, cacheWrite: 10, output: 5, reasoning: 2 } },
      { kind: 'counted', usage: { input: 1_000_000_000, cachedInput: 0, output: 0 } },
    ]);
  });

  test('says of a response without counts only that it completed', () => {
    expect(parseOtelBody(otelBody(completedRecord('thread')))).toEqual([{ kind: 'completed', threadId: 'thread' }]);
  });

  test('ignores events of other kinds', () => {
    const other = { attributes: [{ key: 'event.kind', value: { stringValue: 'response.created' } }] };
    expect(parseOtelBody(otelBody(other, {}))).toEqual([]);
    expect(parseOtelBody('{"resourceSpans":[]}')).toEqual([]);
  });

  test.for(['-5', 'abc', '1.5', '1e400', '1000000001', '9007199254740993', '', 'NaN', ' 7', '0x10'])(
    'with the count "%s" is unreadable, and its neighbours are not',
    (count) => {
      for (const name of ['input', 'cached', 'output', 'reasoning', 'cacheWrite']) {
        const bad = completedRecord('thread', { input: '7', output: '7', [name]: count });
        expect(parseOtelBody(otelBody(GOOD, bad, GOOD))).toMatchObject([
          { kind: 'counted' },
          { kind: 'unreadable', threadId: 'thread', reason: expect.stringContaining('cannot be') },
          { kind: 'counted' },
        ]);
      }
    },
  );

  test.for(['-5', '"abc"', '1.5', '1e400', '1000000001', '9007199254740993', 'null', 'true', '[]', '{}'])(
    'with the bare count %s is unreadable, and its neighbours are not',
    (count) => {
      const bad = completedRecord('thread', { input: 77_777, output: 5 });
      const body = otelBody(GOOD, bad, GOOD).replace('77777', count);
      expect(parseOtelBody(body)).toMatchObject([{ kind: 'counted' }, { kind: 'unreadable' }, { kind: 'counted' }]);
    },
  );

  test.for([null, 7, { attributes: 7 }, { attributes: [7] }, { attributes: [{ value: {} }] }])(
    'with the record %j is unreadable there, and its neighbours are not',
    (bad) => {
      expect(parseOtelBody(otelBody(GOOD, bad, GOOD))).toMatchObject([
        { kind: 'counted' },
        { kind: 'unreadable', reason: 'a log record of an unknown shape' },
        { kind: 'counted' },
      ]);
    },
  );

  test.for([
    ['not JSON', 'not JSON'],
    ['[]', 'not a JSON object'],
    ['{"resourceLogs":7}', 'telemetry of an unknown shape'],
  ])('is unrecognised as a whole when it is %s', ([body = '', reason]) => {
    expect(parseOtelBody(body)).toEqual({ kind: 'unrecognised', reason });
  });
});
