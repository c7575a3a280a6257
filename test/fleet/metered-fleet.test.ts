import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/store.js';
import { runUsage } from '../harness/codex-usage.js';
import { openWorkbench, type RunOptions } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { createFleet } from './fleet.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const BUILD = 'Build the shop.';
const REVIEW = 'Review the shop.';

/** What the report of a fleet has to say of entries of the ledger. */
function sumsOf(entries: readonly LedgerEntry[]) {
  const { input, cached, output, reasoning } = sumLedger(entries);
  return {
    ...{ inputTokens: input, cachedInputTokens: cached, outputTokens: output, reasoningTokens: reasoning },
    responseCount: entries.length,
  };
}

describe.skipIf(NO_POSTGRES !== undefined)('two machines on which real Codex runs', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  /** A machine whose Codex is metered without a target, and pushes when the test says so. */
  async function openMachine(fleet: Awaited<ReturnType<typeof createFleet>>, user: string, usage: { input: number }) {
    const bench = await openWorkbench(
      { prompt: BUILD, replies: [{ message: 'Built.', usage: { ...usage, cached: 100, output: 30, reasoning: 10 } }] },
      { prompt: REVIEW, replies: [{ message: 'Good.', usage: { input: 77, cached: 7, output: 5 } }] },
    );
    onTestFinished(() => bench.close());
    const config = join(bench.folder, 'config');
    mkdirSync(join(config, 'codex-metered'), { recursive: true });
    const lines = [`[fleet.work]`, `url = "${fleet.url}"`, `read_url = "${fleet.readUrl}"`, `user = "${user}"`];
    writeFileSync(join(config, 'codex-metered', 'codex-metered.toml'), lines.join('\n'));
    const usageOf = async (...args: string[]) => {
      const printed = await runUsage(args, {
        ...{ database: bench.database, cwd: bench.workTree, env: { XDG_CONFIG_HOME: config, HOME: bench.folder } },
      });
      expect(printed).toMatchObject({ exitCode: 0 });
      return printed.stdout;
    };
    const run = async (prompt: string, phase: string, options: RunOptions = {}) => {
      const meter = ['--meter-project', `${user}s-project`, '--meter-run-id', 'r1', '--meter-phase', phase];
      const { ledger, exitCode } = await bench.run(['exec', '--skip-git-repo-check', prompt], { meter, ...options });
      expect(exitCode).toBe(0);
      return ledger;
    };
    return { bench, usage: usageOf, json: async (...args: string[]) => JSON.parse(await usageOf(...args, '--json')), run };
  }

  it('sum up to what the API has billed, by user, project and phase, also after a correction and other prices', async () => {
    const fleet = await createFleet(server);
    const ada = await openMachine(fleet, 'ada', { input: 1000 });
    const linus = await openMachine(fleet, 'linus', { input: 2000 });
    const built = [await ada.run(BUILD, 'builder'), await linus.run(BUILD, 'builder')];
    const reviewed = await linus.run(REVIEW, 'reviewer');
    await ada.usage('push');
    await linus.usage('push');
    await ada.usage('pull');

    const all = [...built.flat(), ...reviewed];
    expect(all).toHaveLength(3);
    const [ofAda = []] = built;
    const ofLinus = all.filter((entry) => !ofAda.includes(entry));
    const monthly = await ada.json('monthly', '--fleet');
    expect(monthly.totals).toMatchObject(sumsOf(all));
    expect(monthly.totals.bySource).toMatchObject([{ source: 'actual', ...sumsOf(all) }]);
    const costs = await Promise.all([ada, linus].map(async ({ json }) => (await json('monthly')).totals.costUsd));
    expect(monthly.totals.costUsd).toBeCloseTo(costs[0] + costs[1], 9);
    const byCost = (rows: { inputTokens: number }[]) => rows.toSorted((a, b) => a.inputTokens - b.inputTokens);
    expect(byCost((await ada.json('user', '--fleet')).users)).toMatchObject([
      { user: 'ada', ...sumsOf(ofAda) },
      { user: 'linus', ...sumsOf(ofLinus) },
    ]);
    expect(byCost((await ada.json('project', '--fleet')).projects)).toMatchObject([
      { projectId: 'adas-project', ...sumsOf(ofAda) },
      { projectId: 'linuss-project', ...sumsOf(ofLinus) },
    ]);
    expect(byCost((await ada.json('phase', '--fleet')).phases)).toMatchObject([
      { phase: 'reviewer', ...sumsOf(reviewed) },
      { phase: 'builder', ...sumsOf(built.flat()) },
    ]);

    // A correction of one machine, and new prices of the other.
    const store = openStore(linus.bench.database, { mode: 'write', busyTimeoutMs: 5000 });
    store.connection.exec('UPDATE response_rows SET output_tokens = output_tokens + 1 WHERE input_tokens = 77');
    store.close();
    const [entry] = ofAda;
    const prices = `\n[[prices]]\nmodel = "${entry?.model}"\ninput = 1000\ncached_input = 0\noutput = 0\n`;
    const config = join(ada.bench.folder, 'config', 'codex-metered', 'codex-metered.toml');
    writeFileSync(config, prices, { flag: 'a' });
    await ada.usage('reprice');
    await ada.usage('push');
    await linus.usage('push');
    await linus.usage('pull');
    const corrected = await linus.json('user', '--fleet');
    expect(byCost(corrected.users)).toMatchObject([
      { user: 'ada', ...sumsOf(ofAda), costUsd: 0.9 },
      { user: 'linus', ...sumsOf(ofLinus), outputTokens: sumsOf(ofLinus).outputTokens + 1 },
    ]);
  });
});
