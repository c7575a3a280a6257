import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { askFleet } from '../../src/cli/fleet-budget.js';
import { resolveSettings } from '../../src/config/settings.js';
import { openStore } from '../../src/store/store.js';
import { BUDGET_EXIT_CODE, NOTHING_SPENT } from '../../src/usage/budget.js';
import { makeCertificate, NO_OPENSSL } from '../harness/certificate.js';
import { runUsage } from '../harness/codex-usage.js';
import { openWorkbench, type RunOptions } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { createFleet, endPushes } from './fleet.js';
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

/** What is waited for is 300 ms; what a busy machine takes to load and to call is no part of that. */
const SLOW_MACHINE_MS = 2000;

describe.skipIf((NO_POSTGRES ?? NO_OPENSSL) !== undefined)('two machines on which real Codex runs', () => {
  let server: PostgresServer;
  /** It asks for a password, and has a certificate of no known authority. */
  let locked: PostgresServer;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'codex-metered-tls-'));
    const { key, certificate } = await makeCertificate(folder);
    rmSync(folder, { recursive: true });
    const files = { 'server.crt': certificate, 'server.key': key };
    const tls = { settings: { ssl: 'on' }, auth: 'scram-sha-256', files } as const;
    [server, locked] = await Promise.all([startPostgres(), startPostgres(undefined, tls)]);
  });
  afterAll(() => Promise.all([server?.stop(), locked?.stop()]));

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
    return {
      bench,
      usage: usageOf,
      json: async (...args: string[]) => JSON.parse(await usageOf(...args, '--json')),
      run,
    };
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

  it('do not start Codex where both together have spent a budget of the fleet, also on a machine without a record', async () => {
    const fleet = await createFleet(server);
    const ada = await openMachine(fleet, 'ada', { input: 1000 });
    const linus = await openMachine(fleet, 'linus', { input: 2000 });
    const project = ['--meter-project', 'shared'];
    expect((await ada.bench.run(['exec', BUILD], { meter: project })).exitCode).toBe(0);
    await ada.usage('push');
    const env = { XDG_CONFIG_HOME: join(linus.bench.folder, 'config') };
    const config = join(env.XDG_CONFIG_HOME, 'codex-metered', 'codex-metered.toml');
    writeFileSync(config, '\n[budget]\nday = { tokens = 1030, scope = "fleet" }\n', { flag: 'a' });
    const refused = await linus.bench.run(['exec', BUILD], { meter: project, env });
    expect([refused.exitCode, refused.ledger]).toEqual([BUDGET_EXIT_CODE, []]);
    expect(String(refused.stderr)).toContain('1,030 tokens a day for project shared on all machines (1,030 tokens)');
    await linus.usage('pull');
    expect(await linus.usage('budget', '--project', 'shared', '--fleet')).toContain(
      'day of the fleet: 1,030 tokens of 1,030 tokens (100%)',
    );
  });

  it.each<[string, string, RegExp]>([
    ['is not set', '', /no target of the fleet is set/],
    ['refuses the connection', 'postgres://reader@127.0.0.1:1/usage', /is not reached: .*ECONNREFUSED/],
    [
      'takes the connection and never answers',
      'postgres://reader@127.0.0.1:SILENT/usage',
      /has not answered within 300 ms/,
    ],
    [
      'never answers whether it has TLS',
      'postgres://reader@127.0.0.1:SILENT/usage?sslmode=verify-full',
      /has not answered within 300 ms/,
    ],
    [
      'does not accept the password',
      'postgres://reader@127.0.0.1:LOCKED/usage',
      /does not accept the role or its password/,
    ],
    [
      'does not prove who it is',
      'postgres://reader@localhost:LOCKED/usage?sslmode=verify-full',
      /has not proved who it is/,
    ],
    ['has no TLS', 'postgres://reader@127.0.0.1:OPEN/usage?sslmode=require', /does not support SSL/],
    ['lets nobody read', 'postgres://pusher@127.0.0.1:OPEN/FLEET', /may not read/],
  ])('count what this machine alone has spent, and note why, where the fleet %s', async (_what, written, problem) => {
    const fleet = await createFleet(server);
    const silent = createServer((socket) => void socket.on('error', () => undefined));
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const ports = { SILENT: (silent.address() as AddressInfo).port, LOCKED: locked.port, OPEN: server.port };
    const url = written
      .replace(/SILENT|LOCKED|OPEN/, (name) => String(ports[name as keyof typeof ports]))
      .replace('FLEET', new URL(fleet.url).pathname.slice(1));
    const password = { CODEX_METERED_FLEET_PASSWORD: 'battery staple' };

    // The run reaches the limit by what it spends itself, and no other machine is asked twice.
    const { bench } = await openMachine(fleet, 'ada', { input: 1000 });
    const env = { XDG_CONFIG_HOME: join(bench.folder, 'config'), CODEX_METERED_FLEET_URL: url, ...password };
    const config = join(env.XDG_CONFIG_HOME, 'codex-metered', 'codex-metered.toml');
    writeFileSync(config, '[budget]\nday = { tokens = 1030, scope = "fleet" }\n');
    expect((await bench.run(['exec', BUILD], { env })).exitCode).toBe(BUDGET_EXIT_CODE);
    await endPushes(bench.folder);
    const store = openStore(bench.database, { mode: 'read', busyTimeoutMs: 5000 });
    const notes = store.connection
      .prepare<[], Record<string, string>>("SELECT * FROM notes WHERE kind = 'budget'")
      .all();
    store.close();
    const reason = 'what the fleet has spent is not known: of its budget this machine alone counts';
    expect(notes).toContainEqual(expect.objectContaining({ reason, figures: expect.stringMatching(problem) }));
    expect(JSON.stringify(notes)).not.toMatch(/battery|reader|pusher/);

    const given = { CODEX_METERED_FLEET_URL: url === '' ? undefined : url };
    const settings = resolveSettings(() => undefined, [], given);
    const limit = {
      value: { scope: 'day', unit: 'usd', amount: 1, of: 'fleet' },
      origin: 'default',
      place: undefined,
    } as const;
    const startedAt = performance.now();
    const asked = { env: password, atMs: Date.now() };
    const answer = await askFleet({ ...settings, limits: [limit] }, 'shop', asked);
    expect(performance.now() - startedAt).toBeLessThan(300 + SLOW_MACHINE_MS);
    expect(answer?.problem).toMatch(problem);
    expect(answer?.beyond({ startMs: 0, endMs: 1 }, NOTHING_SPENT)).toEqual(NOTHING_SPENT);
  });
});
