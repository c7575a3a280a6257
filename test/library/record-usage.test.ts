import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { captureUsage, recordUsage, type UsageLike } from '../../src/library/index.js';
import { readRecord } from '../harness/record.js';
import { CHAT_USAGE, RESPONSE_USAGE } from '../scripted-api/openai.js';
import { useFolder } from './client.js';

const HANDOFF = { category: 'handoff', project: 'shop', runId: 'r1', model: 'gpt-5.3-codex' } as const;
const COUNTED = { input: 1200, cached: 1024, cacheWrite: 0, output: 85, reasoning: 64 };

describe('recordUsage', () => {
  test.for<[name: string, usage: UsageLike]>([
    ['the Chat Completions API', CHAT_USAGE],
    ['the Responses API', RESPONSE_USAGE],
    ['Codex', { input_tokens: 1200, cached_input_tokens: 1024, output_tokens: 85, reasoning_output_tokens: 64 }],
    ['ours', { input: 1200, cachedInput: 1024, output: 85, reasoning: 64 }],
    ['a program in camel case', { inputTokens: 1200, cachedInputTokens: 1024, outputTokens: 85, reasoningTokens: 64 }],
  ])('takes the counts in the form of %s', async ([, usage]) => {
    const { database } = useFolder();
    const recorded = await recordUsage({ ...HANDOFF, usage });
    // 176 fresh, 1,024 cached and 85 output tokens at 1.75, 0.175 and 14 USD per million.
    expect(recorded).toMatchObject({ source: 'actual', costUsd: 0.0016772, iteration: 1, stored: 'database' });
    const [invocation] = readRecord(database);
    expect(invocation).toMatchObject({ id: recorded.id, phase: 'handoff', projectId: 'shop', status: 'completed' });
    expect(invocation?.responses).toMatchObject([{ ...COUNTED, evidence: 'api', source: 'actual' }]);
    expect(invocation?.costRecords).toMatchObject([{ ...COUNTED, isActual: 1 }]);
    expect(invocation?.notes).toEqual([]);
  });

  test('adds up what Anthropic counts beside its input', async () => {
    useFolder();
    const usage = {
      input_tokens: 100,
      cache_read_input_tokens: 900,
      cache_creation_input_tokens: 50,
      output_tokens: 7,
    };
    const recorded = await recordUsage({ ...HANDOFF, usage });
    expect(recorded.usage).toEqual({ input: 1050, cachedInput: 900, cacheWrite: 50, output: 7, reasoning: 0 });
  });

  test('counts a response that is recorded twice under its id once', async () => {
    const { database } = useFolder();
    const record = { ...HANDOFF, usage: RESPONSE_USAGE, responseId: 'resp_1' };
    await Promise.all([recordUsage(record), recordUsage(record)]);
    expect(readRecord(database).flatMap(({ responses }) => responses)).toHaveLength(1);
  });

  test('parses a total, estimates from texts, and says so', async () => {
    const { database } = useFolder();
    await recordUsage({ ...HANDOFF, usage: { total_tokens: 500 } });
    await recordUsage({ ...HANDOFF, input: 'Write the handoff.', output: 'All shelves are done.' });
    await recordUsage({ ...HANDOFF, output: 'All shelves are done.' });
    const [total, texts, output] = readRecord(database);
    expect(total?.responses).toMatchObject([{ source: 'parsed', evidence: 'text', input: 500 }]);
    expect(texts?.responses).toMatchObject([{ source: 'estimated', evidence: 'tokenizer', input: 12, output: 5 }]);
    expect(output?.responses).toMatchObject([{ source: 'estimated', evidence: 'tokenizer', input: 0, output: 5 }]);
    expect([total, texts, output].map((one) => one?.notes[0]?.kind)).toEqual(['fallback', 'fallback', 'fallback']);
    expect(output?.notes[0]?.reason).toContain('the input is not known');
  });

  test('marks what nobody knows, and a usage that makes no sense', async () => {
    const { database } = useFolder();
    expect(await recordUsage(HANDOFF)).toMatchObject({ source: undefined, costUsd: undefined });
    await recordUsage({ ...HANDOFF, usage: { input_tokens: 10, cached_input_tokens: 20, output_tokens: -1 } });
    await recordUsage({ ...HANDOFF, usage: { input_tokens: 0, output_tokens: 0 } });
    const records = readRecord(database);
    expect(records.flatMap(({ responses }) => responses)).toEqual([]);
    expect(records.map(({ notes }) => notes.map(({ kind }) => kind))).toEqual([
      ['fallback'],
      ['unreadable', 'fallback'],
      ['fallback'],
    ]);
  });

  test.for<[string, object]>([
    ['below zero', { input_tokens: -5, output_tokens: 1 }],
    ['with a fraction', { input_tokens: 1.5, output_tokens: 1 }],
    ['a text', { input_tokens: '7', output_tokens: 1 }],
    ['beyond 2^53', { input_tokens: 2 ** 60, output_tokens: 1 }],
    ['more than any response has', { prompt_tokens: 2e9, completion_tokens: 1 }],
    ['a sum of parts', { input_tokens: 9e8, cache_read_input_tokens: 9e8, output_tokens: 1 }],
    ['a detail', { input_tokens: 9, input_tokens_details: { cached_tokens: -1 }, output_tokens: 1 }],
    ['a total', { total_tokens: 5e12 }],
  ])('takes a count that cannot be for none: %s', async ([, usage]) => {
    const { database } = useFolder();
    await recordUsage({ ...HANDOFF, usage: usage as UsageLike, output: 'All shelves are done.' });
    const [record] = readRecord(database);
    expect(record?.responses).toMatchObject([{ source: 'estimated', evidence: 'tokenizer', output: 5 }]);
    expect(record?.notes.map(({ kind }) => kind)).toEqual(['unreadable', 'fallback']);
  });

  test('refuses a category and an iteration that make no sense', async () => {
    useFolder();
    await expect(recordUsage({ ...HANDOFF, category: 'talk' as 'chat' })).rejects.toThrow('"talk" does not exist');
    await expect(recordUsage({ ...HANDOFF, iteration: -1 })).rejects.toThrow('is not an iteration');
    await expect(recordUsage({ ...HANDOFF, completedAtMs: Number.NaN })).rejects.toThrow('is not a time');
    await expect(recordUsage({ ...HANDOFF, completedAtMs: 1e300 })).rejects.toThrow('is not a time');
  });

  test('takes a time with a fraction of a millisecond', async () => {
    const { database } = useFolder();
    await recordUsage({ ...HANDOFF, usage: RESPONSE_USAGE, completedAtMs: 1_700_000_000_000.4 });
    expect(readRecord(database)).toHaveLength(1);
  });
});

describe('captureUsage', () => {
  const context = { project: 'shop', runId: 'r1', model: 'gpt-5.3-codex' };
  const turn = { type: 'turn.completed', usage: { input_tokens: 1200, cached_input_tokens: 1024, output_tokens: 85 } };
  test.for([
    ['usage as data', { usage: RESPONSE_USAGE, output: 'Three shelves.' }, { source: 'actual', ...COUNTED }],
    [
      'an answer of the Chat Completions API',
      { id: 'chatcmpl-7', model: 'gpt-5.1', choices: [{ message: { content: 'Three.' } }], usage: CHAT_USAGE },
      { source: 'actual', model: 'gpt-5.1', responseKey: 'chatcmpl-7', ...COUNTED },
    ],
    [
      'what codex exec --json printed',
      { stdout: `{"type":"turn.started"}\n${JSON.stringify(turn)}\n` },
      { source: 'parsed', evidence: 'turn_completed', ...COUNTED, reasoning: 0 },
    ],
    ['what codex exec printed', 'Done.\ntokens used\n1,903\n', { source: 'parsed', evidence: 'text', input: 1903 }],
    ['output text alone', { finalResponse: 'All shelves are done.' }, { source: 'estimated', input: 0, output: 5 }],
  ] as const)('records %s', async ([, result, expected]) => {
    const { database } = useFolder();
    await captureUsage('builder', result, context);
    const [invocation] = readRecord(database);
    expect(invocation).toMatchObject({ phase: 'builder', projectId: 'shop', runId: 'r1', iteration: 1 });
    expect(invocation?.responses).toMatchObject([expected]);
  });

  test.for([[{}], [null], [undefined], [{ usage: null, output: '' }], [7]])(
    'marks a result that carries neither: %j',
    async ([result]) => {
      const { database } = useFolder();
      expect(await captureUsage('reviewer', result, context)).toMatchObject({ source: undefined });
      expect(readRecord(database)).toMatchObject([{ responses: [], notes: [{ kind: 'fallback' }] }]);
    },
  );
});

describe('a codex-metered.toml', () => {
  test('says the project and the prices, and one that is broken is left out', async () => {
    const { database } = useFolder();
    const folder = dirname(database);
    const config = join(folder, 'codex-metered.toml');
    const record = { category: 'chat', model: 'own', usage: { input: 1_000_000, output: 0 }, cwd: folder } as const;
    writeFileSync(config, 'project = "bakery"\n[[prices]]\nmodel = "own"\ninput = 3\noutput = 9\n');
    expect(await recordUsage(record)).toMatchObject({ projectId: 'bakery', costUsd: 3 });
    writeFileSync(config, 'project = ');
    expect(await recordUsage(record)).toMatchObject({ projectId: basename(folder), costUsd: undefined });
  });
});
