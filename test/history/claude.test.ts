import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { type ClaudeResult, installClaude, runClaude } from '../harness/claude.js';
import { type BilledMessage, type MessagesApiOptions, startMessagesApi } from '../scripted-api/messages-api.js';
import { createFolder } from '../store/samples.js';
import { createHistory } from './sessions.js';

const installed = await installClaude();
const claude = installed.kind === 'installed' ? installed.path : '';
const notRun = installed.kind === 'unavailable' ? ` (not run: ${installed.reason})` : '';
const describeReal = describe.skipIf(installed.kind === 'unavailable');

/** Real Claude Code with a home of its own, the API that it talks to, and a database. */
async function createBench({ model, ...options }: MessagesApiOptions & { readonly model?: string } = {}) {
  const api = await startMessagesApi(options);
  onTestFinished(() => api.close());
  const home = createFolder();
  const workTree = join(createFolder(), 'shop');
  mkdirSync(workTree);
  const history = createHistory();
  const place = { home, workTree, apiUrl: api.url, ...(model !== undefined && { model }) };
  return {
    api,
    home,
    /** Without end: the next run asks another API, as if a proxy had been started anew. */
    askAnotherApi: async () => {
      const next = await startMessagesApi(options);
      onTestFinished(() => next.close());
      place.apiUrl = next.url;
      return next.ledger;
    },
    run: (...args: string[]) => runClaude(claude, args, place),
    import: () => importHistory({ database: history.database, homes: { codex: [], claude: [join(home, '.claude')] } }),
    query: history.query,
  };
}

type Bench = Awaited<ReturnType<typeof createBench>>;

const RECORDED = `SELECT substr(response_key, 1, instr(response_key, '@') - 1) AS id, model, input_tokens AS input,
  cached_input_tokens AS cached, cache_write_tokens AS cacheWrite, cache_write_1h_tokens AS cacheWrite1h,
  output_tokens AS output, source FROM responses ORDER BY completed_at_ms, id`;

function toRecorded(billed: BilledMessage): object {
  const { id, model, input, cacheRead, cacheWrite5m, cacheWrite1h, output } = billed;
  const cacheWrite = cacheWrite5m + cacheWrite1h;
  return {
    ...{ id, model, input: input + cacheRead + cacheWrite, cached: cacheRead },
    ...{ cacheWrite, cacheWrite1h, output, source: 'actual' },
  };
}

const byKey = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).toSorted();

const SUMS = `SELECT model, sum(input_tokens) AS input, sum(cached_input_tokens) AS cached,
  sum(cache_write_tokens) AS cacheWrite, sum(cache_write_1h_tokens) AS cacheWrite1h, sum(output_tokens) AS output
  FROM responses GROUP BY model ORDER BY model`;

/** What the API billed of each model, as the record sums it up. */
function sumUp(ledger: readonly BilledMessage[]): object[] {
  const models = [...new Set(ledger.map(({ model }) => model))].sort();
  return models.map((model) => {
    const of = ledger.filter((billed) => billed.model === model);
    const sum = (pick: (billed: BilledMessage) => number) => of.reduce((total, billed) => total + pick(billed), 0);
    return {
      model,
      input: sum(({ input, cacheRead, cacheWrite5m, cacheWrite1h }) => input + cacheRead + cacheWrite5m + cacheWrite1h),
      cached: sum(({ cacheRead }) => cacheRead),
      cacheWrite: sum(({ cacheWrite5m, cacheWrite1h }) => cacheWrite5m + cacheWrite1h),
      cacheWrite1h: sum(({ cacheWrite1h }) => cacheWrite1h),
      output: sum(({ output }) => output),
    };
  });
}

function readCostUsd({ query }: Bench, table = 'responses'): number {
  const [cost] = query<{ nano: number | null }>(`SELECT sum(cost_nano_usd) AS nano FROM ${table}`);
  return (cost?.nano ?? 0) / 1e9;
}

const countRemainders = ({ query }: Bench) => query("SELECT 1 FROM responses WHERE evidence = 'session_total'").length;

describeReal(`sessions of real Claude Code, as imported, equal the ledger of the API and its own cost${notRun}`, () => {
  it.each([
    ['a loop with two tools at once', 'please loop', ['main']],
    ['a sub-agent', 'please delegate', ['main', 'subagent']],
  ])(
    'with %s',
    async (_name, prompt, kinds) => {
      const bench = await createBench();
      const { total_cost_usd, session_id } = await bench.run('--allowedTools', 'Bash,Task,Agent', '--', prompt);
      const messages = bench.api.ledger.length;
      expect(messages).toBeGreaterThan(kinds.length);
      expect(await bench.import()).toMatchObject({ added: messages, duplicates: 0, unreadableLines: 0, problems: [] });
      expect(byKey(bench.query(RECORDED))).toEqual(byKey(bench.api.ledger.map(toRecorded)));
      expect(readCostUsd(bench)).toBeCloseTo(total_cost_usd, 8);
      expect(bench.query('SELECT kind, root_id AS root, project_id AS project FROM threads ORDER BY kind')).toEqual(
        kinds.map((kind) => ({ kind, root: session_id, project: 'shop' })),
      );
      expect(await bench.import()).toMatchObject({ filesRead: 0, added: 0 });
    },
    120_000,
  );

  it('when a session is resumed, and when it is forked, and the fork again', async () => {
    const bench = await createBench();
    const first = await bench.run('--', 'hello');
    await bench.import();
    const resumed = await bench.run('--resume', first.session_id, '--', 'again');
    const forked = await bench.run('--resume', first.session_id, '--fork-session', '--', 'and again');
    await bench.run('--resume', forked.session_id, '--fork-session', '--', 'once more');
    expect(await bench.import()).toMatchObject({ added: 3, problems: [] });
    expect(byKey(bench.query(RECORDED))).toEqual(byKey(bench.api.ledger.map(toRecorded)));
    expect(resumed.total_cost_usd).toBeGreaterThan(first.total_cost_usd);
  }, 120_000);

  it('when a proxy numbers the messages of each session from one, and those of a resumed one again', async () => {
    const bench = await createBench({ ids: 'from one' });
    const first = await bench.run('--', 'hello');
    const ledgers = [bench.api.ledger];
    ledgers.push(await bench.askAnotherApi());
    await bench.run('--', 'another session');
    ledgers.push(await bench.askAnotherApi());
    await bench.run('--resume', first.session_id, '--', 'again');
    ledgers.push(await bench.askAnotherApi());
    await bench.run('--resume', first.session_id, '--fork-session', '--', 'and again');
    await bench.import();
    expect(ledgers.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    expect(byKey(bench.query(RECORDED))).toEqual(byKey(ledgers.flat().map(toRecorded)));
  }, 120_000);
});

describeReal(`what real Claude Code used without telling it as a message is recorded${notRun}`, () => {
  const expectAll = (bench: Bench, cost: number) => {
    expect(bench.query(SUMS)).toEqual(sumUp(bench.api.ledger));
    expect(readCostUsd(bench)).toBeCloseTo(cost, 8);
    expect(readCostUsd(bench, 'buckets')).toBeCloseTo(cost, 8);
  };

  it('with a compaction that comes by itself, and a resume and a fork after it', async () => {
    const bench = await createBench({ model: 'claude-opus-5-5' });
    const first = await bench.run('--allowedTools', 'Bash', '--', 'please fill');
    expect(await bench.import()).toMatchObject({ problems: [] });
    expect(countRemainders(bench)).toBe(1);
    expectAll(bench, first.total_cost_usd);
    const resumed = await bench.run('--resume', first.session_id, '--', 'again');
    await bench.import();
    expectAll(bench, resumed.total_cost_usd);
    const forked = await bench.run('--resume', first.session_id, '--fork-session', '--', 'and again');
    await bench.import();
    expectAll(bench, forked.total_cost_usd);
    expect(countRemainders(bench)).toBe(1);
  }, 120_000);

  it('with a compaction that was asked for, and one in a fork of it', async () => {
    const bench = await createBench({ model: 'claude-opus-5-5' });
    const first = await bench.run('--', 'hello');
    await bench.run('--resume', first.session_id, '--', '/compact');
    const forked = await bench.run('--resume', first.session_id, '--fork-session', '--', 'and again');
    const compacted = await bench.run('--resume', forked.session_id, '--', '/compact');
    // A compaction may ask twice.
    expect(bench.api.ledger.length).toBeGreaterThanOrEqual(4);
    expect(await bench.import()).toMatchObject({ problems: [] });
    expectAll(bench, compacted.total_cost_usd);
    expect(countRemainders(bench)).toBe(2);
  }, 120_000);

  it('with a hook of type prompt', async () => {
    const bench = await createBench();
    mkdirSync(join(bench.home, '.claude'));
    const hooks = { Stop: [{ hooks: [{ type: 'prompt', prompt: 'Is it done? $ARGUMENTS' }] }] };
    writeFileSync(join(bench.home, '.claude', 'settings.json'), JSON.stringify({ hooks }));
    const { total_cost_usd } = await bench.run('--', 'hello');
    expect(bench.api.ledger.length).toBe(2);
    expect(await bench.import()).toMatchObject({ problems: [] });
    expectAll(bench, total_cost_usd);
    expect(countRemainders(bench)).toBe(1);
  }, 120_000);

  it('with an answer that was cut within its first block and asked for again', async () => {
    const bench = await createBench();
    const result = await bench.run('--', 'please stumble');
    expect(bench.api.ledger.length).toBe(2);
    await bench.import();
    // How much had been put out before the cut is Claude Code's own estimate: the API never said it.
    expect(bench.query(SUMS)).toMatchObject([{ ...pickInput(sumUp(bench.api.ledger)), output: sumOutput(result) }]);
    expect(readCostUsd(bench)).toBeCloseTo(result.total_cost_usd, 8);
  }, 120_000);
});

function pickInput([sums]: readonly object[]): object {
  return { ...sums, output: undefined };
}

function sumOutput({ modelUsage }: ClaudeResult): number {
  return Object.values(modelUsage).reduce((total, { outputTokens }) => total + outputTokens, 0);
}
