import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { installClaude, runClaude } from '../harness/claude.js';
import { type BilledMessage, startMessagesApi } from '../scripted-api/messages-api.js';
import { createFolder } from '../store/samples.js';
import { createHistory } from './sessions.js';

let claude: string;
beforeAll(async () => {
  claude = await installClaude();
}, 300_000);

/** Real Claude Code with a home of its own, the API that it talks to, and a database. */
async function createBench() {
  const api = await startMessagesApi();
  onTestFinished(() => api.close());
  const home = createFolder();
  const workTree = join(createFolder(), 'shop');
  mkdirSync(workTree);
  const history = createHistory();
  return {
    api,
    run: (...args: string[]) => runClaude(claude, args, { home, workTree, apiUrl: api.url }),
    import: () => importHistory({ database: history.database, homes: { codex: [], claude: [join(home, '.claude')] } }),
    query: history.query,
  };
}

const RECORDED = `SELECT response_key AS key, model, input_tokens AS input, cached_input_tokens AS cached,
  cache_write_tokens AS cacheWrite, cache_write_1h_tokens AS cacheWrite1h, output_tokens AS output, source
  FROM responses ORDER BY completed_at_ms, id`;

function toRecorded(billed: BilledMessage, index: number): object {
  const { id, model, input, cacheRead, cacheWrite5m, cacheWrite1h, output } = billed;
  const cacheWrite = cacheWrite5m + cacheWrite1h;
  return {
    ...{ key: `${id}:req_${index + 1}`, model, input: input + cacheRead + cacheWrite, cached: cacheRead },
    ...{ cacheWrite, cacheWrite1h, output, source: 'actual' },
  };
}

const byKey = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).toSorted();

describe('sessions of real Claude Code, as imported, equal the ledger of the API and its own cost', () => {
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
      const [cost] = bench.query<{ nano: number }>('SELECT sum(cost_nano_usd) AS nano FROM responses');
      expect((cost?.nano ?? 0) / 1e9).toBeCloseTo(total_cost_usd, 8);
      expect(bench.query('SELECT kind, root_id AS root, project_id AS project FROM threads ORDER BY kind')).toEqual(
        kinds.map((kind) => ({ kind, root: session_id, project: 'shop' })),
      );
      expect(await bench.import()).toMatchObject({ filesRead: 0, added: 0 });
    },
    120_000,
  );

  it('when a session is resumed, and when it is forked', async () => {
    const bench = await createBench();
    const first = await bench.run('--', 'hello');
    await bench.import();
    const resumed = await bench.run('--resume', first.session_id, '--', 'again');
    const forked = await bench.run('--resume', first.session_id, '--fork-session', '--', 'and again');
    expect(await bench.import()).toMatchObject({ added: 2, problems: [] });
    expect(byKey(bench.query(RECORDED))).toEqual(byKey(bench.api.ledger.map(toRecorded)));
    const [cost] = bench.query<{ nano: number }>('SELECT sum(cost_nano_usd) AS nano FROM buckets');
    const own = [first, resumed, forked].reduce((sum, { total_cost_usd }) => sum + total_cost_usd, 0);
    expect((cost?.nano ?? 0) / 1e9).toBeLessThanOrEqual(own + 1e-9);
  }, 120_000);
});
