import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { openStore } from '../../src/store/store.js';
import { sampleInvocation } from '../store/samples.js';
import { answer, createClaudeHome, OTHER, SESSION } from './claude-family.js';

const compaction = (second: number, sessionId = SESSION) => {
  const timestamp = new Date(Date.UTC(2026, 9, 1, 12, 0, second)).toISOString();
  return `${JSON.stringify({ type: 'system', subtype: 'compact_boundary', sessionId, timestamp, cwd: '/home/user/shop' })}\n`;
};

const total = (models: Record<string, [input: number, output: number]>, startTime = 5, sessionId = SESSION) => {
  const entries = Object.entries(models).map(([model, [inputTokens, outputTokens]]) => {
    return [model, { inputTokens, outputTokens, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }];
  });
  const modelUsage = Object.fromEntries(entries);
  return `${JSON.stringify({ type: 'cost-state', sessionId, startTime, modelUsage })}\n`;
};

const ROWS = `SELECT model, service_tier AS tier, input_tokens AS input, output_tokens AS output, reasoning_tokens AS reasoning,
  evidence, cost_nano_usd / 1e9 AS usd, cost_extent AS extent FROM responses ORDER BY completed_at_ms, response_key`;

async function importLines(...lines: string[]) {
  const home = createClaudeHome();
  home.append(`${SESSION}.jsonl`, lines.join(''));
  const summary = await home.import();
  return { ...home, summary, rows: home.query<Record<string, unknown>>(ROWS) };
}

describe('a message of Claude Code', () => {
  it('has what an advisor used as a response of the advisor, once, however many lines have it', async () => {
    const counts = {
      input_tokens: 159_000,
      output_tokens: 7800,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
    };
    const advisor = { type: 'advisor_message', model: 'claude-opus-4-7', ...counts };
    const usage = { iterations: [{ type: 'message', input_tokens: 1000, output_tokens: 100 }, advisor] };
    const { rows, query } = await importLines(answer({}), answer({ usage, second: 2 }), answer({ usage, second: 3 }));
    expect(rows).toMatchObject([
      { model: 'claude-opus-5', input: 1000, output: 100 },
      { model: 'claude-opus-4-7', input: 159_000, output: 7800, usd: 0.99 },
    ]);
    expect(query('SELECT response_key FROM responses WHERE response_key LIKE ?', 'msg_1@%/advisor-1')).toHaveLength(1);
  });

  it('takes its new model, tier and reasoning when it goes on after an import, with or without an invocation', async () => {
    for (const isAssigned of [false, true]) {
      const home = createClaudeHome();
      home.append(`${SESSION}.jsonl`, answer({ usage: { output_tokens: 1 } }));
      await home.import();
      if (isAssigned) assignAll(home.database);
      const grown = { output_tokens: 260, output_tokens_details: { thinking_tokens: 200 }, speed: 'fast' };
      home.append(`${SESSION}.jsonl`, answer({ model: 'claude-opus-5-5', second: 4, usage: grown }));
      await home.import();
      const usd = (1000 * 8 + 260 * 40) / 1e6;
      const now = { model: 'claude-opus-5-5', output: 260 };
      expect(home.query(ROWS)).toMatchObject([{ ...now, tier: 'fast', reasoning: 200, usd }]);
      expect(home.query('SELECT model, output_tokens AS output FROM buckets')).toEqual([now]);
      const records = 'SELECT model, output_tokens AS output, total_cost_usd AS usd FROM cost_records';
      expect(home.query(records)).toEqual(isAssigned ? [{ ...now, usd }] : []);
    }
  });

  it.each([
    ['is one response with the id of its request on its first line alone', { requestId: 'r' }, {}, 1],
    ['is one response with the id of its request on its last line alone', {}, { requestId: 'r' }, 1],
    ['is one response with the id of its request on none', {}, {}, 1],
    ['is another one where the same id comes with another request', { requestId: 'a' }, { requestId: 'b' }, 2],
  ])('%s', async (_, first, second, responses) => {
    const lines = [answer({ line: first }), answer({ second: 2, line: second })];
    expect((await importLines(...lines)).rows).toHaveLength(responses);
  });

  it('is another one in another session, unless it is a copy', async () => {
    const home = createClaudeHome();
    home.append(`${SESSION}.jsonl`, answer({}));
    const fork = '5e55105e-0000-4000-8000-000000000003';
    for (const [sessionId, ...seconds] of [
      [OTHER, 9, 10],
      [fork, 1, 20],
    ] as const) {
      const lines = seconds.map((second, index) => answer({ sessionId, id: `msg_${index + 1}`, second }));
      home.append(`${sessionId}.jsonl`, lines.join(''));
    }
    expect(await home.import()).toMatchObject({ added: 4, duplicates: 1 });
    await home.import();
    expect(home.query(ROWS)).toHaveLength(4);
  });

  it.each(['-5', '"abc"', '1.5', '1e400', '9007199254740993', 'true', '[]'])(
    'with a counter of %s is unreadable, and its neighbours are recorded',
    async (counter) => {
      const bad = answer({ id: 'msg_2', second: 2 }).replace('"input_tokens":1000', `"input_tokens":${counter}`);
      const { summary, rows } = await importLines(answer({}), bad, answer({ id: 'msg_3', second: 3 }));
      expect(summary).toMatchObject({ added: 2, unreadableLines: 1 });
      expect(rows).toHaveLength(2);
    },
  );

  it('is recorded where an iteration of it cannot be read, and the line is counted as unreadable', async () => {
    const usage = { iterations: [{ type: 'soothsayer', input_tokens: 5, output_tokens: 5 }] };
    const { summary, rows } = await importLines(answer({ usage }));
    expect(summary).toMatchObject({ added: 1, unreadableLines: 1 });
    expect(rows).toMatchObject([{ input: 1000 }]);
  });

  it('has the price of its web searches, of fast mode and of inference in the US', async () => {
    const { rows } = await importLines(
      answer({ usage: { server_tool_use: { web_search_requests: 3, web_fetch_requests: 9 } } }),
      answer({ id: 'msg_2', second: 2, usage: { speed: 'fast' } }),
      answer({ id: 'msg_3', second: 3, usage: { inference_geo: 'us' } }),
      answer({ id: 'msg_4', second: 4, usage: { inference_geo: 'global', service_tier: 'priority' } }),
    );
    const standard = 0.0075;
    expect(rows.slice(0, 3)).toMatchObject(
      [standard + 0.03, 2 * standard, 1.1 * standard].map((usd) => ({ usd: expect.closeTo(usd, 9), extent: 'whole' })),
    );
    // Capacity that was bought beforehand has no price of its own.
    expect(rows[3]).toMatchObject({ tier: 'priority capacity', usd: null });
  });

  it.each([
    ['a tool without a known price', { server_tool_use: { web_search_requests: 0, code_execution_requests: 2 } }],
    ['a place without a known price', { inference_geo: 'mars' }],
  ])('has a partial cost with %s, which counts as unpriced', async (_name, usage) => {
    const { rows, query } = await importLines(answer({ usage }));
    expect(rows).toMatchObject([{ usd: 0.0075, extent: 'partial' }]);
    expect(query('SELECT unpriced_responses AS unpriced, cost_nano_usd AS cost FROM buckets')).toEqual([
      { unpriced: 1, cost: 7_500_000 },
    ]);
  });
});

describe('a total of Claude Code', () => {
  it('reports models that no message names, whatever the answers call themselves', async () => {
    const { rows } = await importLines(
      answer({ model: 'claude-haiku-4-5-20251001' }),
      answer({ id: 'msg_2', second: 2, model: 'house-model' }),
      total({ 'claude-haiku-4-5': [1000, 100], 'claude-opus-5[1m]': [1500, 130], 'claude-sonnet-5': [7, 8] }),
    );
    expect(rows.filter(({ evidence }) => evidence === 'session_total')).toMatchObject([
      { model: 'claude-opus-5', input: 500, output: 30 },
      { model: 'claude-sonnet-5', input: 7, output: 8 },
    ]);
  });

  it('adds nothing where it has all that was counted, and says so where it has less', async () => {
    expect((await importLines(answer({}), total({ 'claude-opus-5': [1000, 100] }))).rows).toHaveLength(1);
    const two = answer({}) + answer({ id: 'msg_2', second: 2 });
    const killed = await importLines(two, total({ 'claude-opus-5': [1000, 200] }));
    expect(killed.rows).toHaveLength(2);
    expect(killed.query('SELECT extent FROM session_runs')).toEqual([{ extent: 'short' }]);
  });

  it('counts the second of two runs apart, also where the first one was not compacted', async () => {
    const { rows } = await importLines(
      answer({}),
      total({ 'claude-opus-5': [1000, 100] }),
      answer({ id: 'msg_2', second: 20 }),
      compaction(30),
      total({ 'claude-opus-5': [2500, 240] }),
      total({ 'claude-opus-5': [2500, 240] }),
    );
    expect(rows).toMatchObject([{}, {}, { input: 500, output: 40, evidence: 'session_total', usd: 0.0035 }]);
  });

  it('is not taken as the base of another session that began in the same millisecond', async () => {
    const home = createClaudeHome();
    home.append(`${SESSION}.jsonl`, answer({}) + total({ 'claude-opus-5': [1000, 100] }));
    const other = answer({ sessionId: OTHER, id: 'msg_9', second: 50 });
    home.append(`${OTHER}.jsonl`, other + total({ 'claude-opus-5': [2200, 220] }, 5, OTHER));
    await home.import();
    expect(home.query(ROWS)).toMatchObject([{}, {}, { input: 1200, output: 120, evidence: 'session_total' }]);
  });

  it('has the long-context price of none of its requests, and is partial where one of them may have had it', async () => {
    const { rows } = await importLines(total({ 'claude-haiku-5-5': [150_000, 0] }));
    expect(rows).toMatchObject([{ input: 150_000, usd: 0.015, extent: 'partial' }]);
  });

  it.each(['{"modelUsage":{"m":{"inputTokens":-1}}}', '{"modelUsage":7}', '{}'])(
    'of an unknown shape is unreadable: %s',
    async (rest) => {
      const line = JSON.stringify({ type: 'cost-state', sessionId: SESSION, ...JSON.parse(rest) });
      expect((await importLines(answer({}), `${line}\n`)).summary).toMatchObject({ added: 1, unreadableLines: 1 });
    },
  );

  it('is missed where a compaction shows and none comes: the file says so, until one comes', async () => {
    const home = createClaudeHome();
    const untold = 'SELECT untold_responses AS untold FROM history_files';
    home.append(`${SESSION}.jsonl`, answer({}) + compaction(5));
    const { problems } = await home.import();
    expect(problems).toMatchObject([{ reason: expect.stringContaining('1 response or more of compactions') }]);
    expect(home.query(untold)).toEqual([{ untold: 1 }]);
    home.append(`${SESSION}.jsonl`, total({ 'claude-opus-5': [1500, 130] }));
    expect(await home.import()).toMatchObject({ problems: [] });
    expect(home.query(untold)).toEqual([{ untold: 0 }]);
  });
});

/** Gives all responses to an invocation, as if it had caused them. */
function assignAll(database: string): void {
  const store = openStore(database, { mode: 'write', busyTimeoutMs: 1000 });
  store.record({ invocation: sampleInvocation('a') });
  store.close();
  const connection = openDatabase(database);
  connection.exec("UPDATE response_rows SET invocation_id = 'a'");
  connection.close();
}
