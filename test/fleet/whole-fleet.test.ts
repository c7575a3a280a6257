import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { findMeter, listProcesses } from '../harness/children.js';
import { runUsage } from '../harness/codex-usage.js';
import { test } from '../harness/test.js';
import { CODEX, openWorkbench, type RunOptions, type Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import type { Scenario } from '../scripted-api/script.js';
import { sqlOfPanel } from './dashboard.js';
import { createFleet, endPushes, type Fleet } from './fleet.js';
import { ENGINES, NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

/** What gpt-5.3-codex costs, in nano-USD per token: typed from OpenAI's page, so that the product does not check itself. */
const PRICE = { input: 1750, cached: 175, output: 14_000 };

/** A turn of two responses, whose counts no other one has. */
function turn(prompt: string, size: number): Scenario {
  return {
    prompt,
    replies: [
      {
        calls: [{ tool: 'exec_command', cmd: 'echo one' }],
        usage: { input: 1000 * size, cached: 100 * size, output: 10 * size, reasoning: size },
      },
      { message: 'Done.', usage: { input: 1100 * size, cached: 1000 * size, output: 7 * size } },
    ],
  };
}

/** A user's responses of a project and a phase, as an API's ledger has them. */
interface Spent {
  readonly user: string;
  readonly project: string;
  readonly phase: string;
  readonly ledger: readonly LedgerEntry[];
  /** How many times the price of PRICE they cost. */
  readonly factor?: number;
}

/** What the month comes to by the ledgers: a row for each user, project and phase. */
function billOf(spent: readonly Spent[]) {
  const rows = new Map<string, ReturnType<typeof rowOf>>();
  for (const one of spent) {
    const key = [one.user, one.project, one.phase].join();
    const [row, known] = [rowOf(one), rows.get(key)];
    const sum = (name: (typeof SUMMED)[number]) => [name, row[name] + (known?.[name] ?? 0)];
    rows.set(key, { ...row, ...(Object.fromEntries(SUMMED.map(sum)) as Pick<typeof row, (typeof SUMMED)[number]>) });
  }
  return [...rows.values()].toSorted((a, b) => compare(a.user, b.user) || compare(a.phase, b.phase));
}

const SUMMED = ['responses', 'input', 'cached', 'output', 'reasoning', 'cost'] as const;
const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other));

function rowOf({ user, project, phase, ledger, factor = 1 }: Spent) {
  const { input, cached, output, reasoning } = sumLedger(ledger);
  const cost = factor * ((input - cached) * PRICE.input + cached * PRICE.cached + output * PRICE.output);
  return { user, project, phase, responses: ledger.length, input, cached, output, reasoning, cost };
}

const MONTH = `
  SELECT user_name AS "user", project, phase, sum(responses)::int AS responses, sum(input_tokens)::int AS input,
    sum(cached_input_tokens)::int AS cached, sum(output_tokens)::int AS output, sum(reasoning_tokens)::int AS reasoning,
    sum(cost_nano_usd)::int AS cost
  FROM users_monthly GROUP BY 1, 2, 3 ORDER BY 1, 3`;

/** A machine of the fleet: a workbench whose runs are sent before they end. */
class Machine {
  readonly #env: Record<string, string>;

  constructor(
    readonly bench: Workbench,
    fleet: Fleet,
    env: Record<string, string>,
  ) {
    this.#env = { CODEX_METERED_FLEET_URL: fleet.url, CODEX_METERED_FLEET_WAIT: '60s', ...env };
  }

  async run(phase: string, scenario: Scenario, options: RunOptions = {}): Promise<readonly LedgerEntry[]> {
    const { exitCode, ledger } = await this.start(phase, scenario, options).ended;
    expect(exitCode).toBe(0);
    return ledger;
  }

  start(phase: string, scenario: Scenario, { env, ...options }: RunOptions = {}) {
    this.bench.api.add(scenario);
    const around = { ...this.#env, CODEX_METERED_PHASE: phase, ...env };
    return this.bench.start(['exec', '--json', '--skip-git-repo-check', String(scenario.prompt)], {
      env: around,
      ...options,
    });
  }

  async usage(...args: string[]): Promise<void> {
    const { bench } = this;
    const config = { XDG_CONFIG_HOME: join(bench.folder, '.config') };
    const env = { ...bench.env, ...this.#env, ...config };
    const printed = await runUsage(args, { database: bench.database, cwd: bench.folder, env });
    expect([printed.stderr, printed.exitCode]).toEqual([expect.any(String), 0]);
  }
}

/** SIGKILL to all that runs of a machine, as when a container is taken away. */
async function takeAway({ folder }: Workbench, frontPid: number): Promise<void> {
  const pids = [await findMeter(frontPid), ...listProcesses(folder).map(({ pid }) => pid)];
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended with another one.
    }
  }
}

describe.skipIf(NO_POSTGRES !== undefined).each(ENGINES)('two machines and a killed CI job, on $name', (engine) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres(engine);
  });
  afterAll(() => server?.stop());

  const openMachine = async (fleet: Fleet, env: Record<string, string>) => {
    const bench = await openWorkbench();
    onTestFinished(async () => {
      await endPushes(bench.folder);
      await bench.close();
    });
    return new Machine(bench, fleet, env);
  };

  test('are one record: the month by user, project and phase is what the ledgers say, after corrections too', async () => {
    const fleet = await createFleet(server);
    // Two of them send sums alone.
    const sums = { CODEX_METERED_FLEET_DETAIL: 'invocations' };
    const laptop = await openMachine(fleet, { CODEX_METERED_USER: 'ada', ...sums });
    const desktop = await openMachine(fleet, { CODEX_METERED_USER: 'grace', CODEX_METERED_PROJECT: 'infra' });
    const github = { GITHUB_SHA: 'abcdef0', GITHUB_ACTOR: 'linus', GITHUB_RUN_ID: '7', GITHUB_REPOSITORY: 'acme/shop' };
    const job = await openMachine(fleet, { ...github, ...sums });
    const spent = {
      builder: { user: 'ada', project: 'shop', phase: 'builder', ledger: await laptop.run('builder', turn('one', 3)) },
      again: { user: 'ada', project: 'shop', phase: 'builder', ledger: await laptop.run('builder', turn('two', 5)) },
      reviewer: {
        ...{ user: 'ada', project: 'shop', phase: 'reviewer' },
        ledger: await laptop.run('reviewer', turn('three', 7)),
      },
      infra: { user: 'grace', project: 'infra', phase: 'builder', ledger: await desktop.run('builder', turn('x', 11)) },
    };

    // The job: its first response is answered, its second one never is.
    const [first] = turn('ci', 13).replies;
    const killed = job.start('builder', { prompt: 'ci', replies: [first ?? {}, { message: 'Never.', hang: true }] });
    const known = async () =>
      fleet.read(
        `SELECT count(*)::int AS n FROM responses r JOIN invocations i ON i.id = invocation WHERE status = 'running'`,
      );
    await expect.poll(known, { timeout: 60_000 }).toEqual([{ n: 1 }]);
    await takeAway(job.bench, killed.pid);
    const ofJob = { user: 'linus', project: 'shop', phase: 'builder', ledger: (await killed.ended).ledger };
    expect(ofJob.ledger).toHaveLength(1);
    expect(await fleet.read(MONTH)).toEqual(billOf([...Object.values(spent), ofJob]));

    // An hour later nothing has been heard of it.
    await fleet.read(`UPDATE stores SET last_seen = now() - interval '61 minutes'
      WHERE id IN (SELECT store FROM invocations WHERE status = 'running')`);
    expect(await fleet.read('SELECT project, phase, user_name, ci FROM lost_invocations')).toEqual([
      { project: 'shop', phase: 'builder', user_name: 'linus', ci: expect.objectContaining({ run: '7' }) },
    ]);

    // Codex works in a container, say: its turn is known as a whole, until its session file is brought back.
    const elsewhere = join(desktop.bench.folder, 'elsewhere');
    const codex = await contain(desktop.bench, elsewhere);
    const unseen = await desktop.run('other', turn('unseen', 17), { codex });
    const standIn = "SELECT evidence, count(*)::int AS n FROM responses WHERE phase = 'other' GROUP BY 1";
    expect(await fleet.read(standIn)).toEqual([{ evidence: 'turn_completed', n: 1 }]);
    await cp(join(elsewhere, 'sessions'), join(desktop.bench.codexHome, 'sessions'), { recursive: true });
    await desktop.usage('import');
    await desktop.usage('push');
    expect(await fleet.read(standIn)).toEqual([{ evidence: 'usage_record', n: unseen.length }]);

    // Prices that the laptop's user has agreed on: twice those of the list.
    const config = join(laptop.bench.folder, '.config', 'codex-metered');
    await mkdir(config, { recursive: true });
    const prices = '[[prices]]\nmodel = "gpt-5.3-codex"\ninput = 3.5\ncached_input = 0.35\noutput = 28\n';
    await writeFile(join(config, 'codex-metered.toml'), prices);
    await laptop.usage('reprice');
    await laptop.usage('push');

    const ofDesktop = [spent.infra, { ...spent.infra, phase: 'other', ledger: unseen }];
    const ofLaptop = [spent.builder, spent.again, spent.reviewer].map((one) => ({ ...one, factor: 2 }));
    const bill = billOf([...ofLaptop, ...ofDesktop, ofJob]);
    expect(await fleet.read(MONTH)).toEqual(bill);
    expect(await fleet.read('SELECT count(*)::int AS n FROM stores')).toEqual([{ n: 3 }]);
    await expectDashboard(server, fleet, bill);
  }, 300_000);

  /** Asks what Grafana asks, as the role that it logs in with. */
  const expectDashboard = async (at: PostgresServer, fleet: Fleet, bill: ReturnType<typeof billOf>) => {
    const reader = await at.connect(new URL(fleet.readUrl).pathname.slice(1), 'reader');
    const chosen = { users: ['ada', 'grace', 'linus'], projects: ['shop', 'infra'] };
    const ask = async (title: string) =>
      (await reader.query<Record<string, number | string>>(sqlOfPanel(title, chosen))).rows;
    const usd = (rows: typeof bill) => expect.closeTo(rows.reduce((sum, { cost }) => sum + cost, 0) / 1e9, 9);
    const by = (key: 'user' | 'project', name: string) => ({
      [key]: name,
      cost: usd(bill.filter((row) => row[key] === name)),
    });
    expect(await ask('Spend')).toEqual([{ cost: usd(bill) }]);
    expectSet(await ask('Spend by user'), [by('user', 'ada'), by('user', 'grace'), by('user', 'linus')]);
    expectSet(await ask('Spend by project'), [by('project', 'infra'), by('project', 'shop')]);
    const month = await ask('Spend by user, project and phase');
    expectSet(
      month.map(({ user_name: user, project, phase, cost_usd: cost }) => ({ user, project, phase, cost })),
      bill.map((row) => ({ user: row.user, project: row.project, phase: row.phase, cost: usd([row]) })),
    );
    expect(await ask('Lost invocations')).toEqual([{ lost: 1 }]);
    await reader.end();
  };
});

/** Makes a program that runs Codex with a home and a parent of its own, so that its session file cannot be found, and returns its path. */
async function contain({ folder, codexHome }: Workbench, home: string): Promise<string> {
  await mkdir(home);
  await cp(join(codexHome, 'config.toml'), join(home, 'config.toml'));
  const path = join(folder, 'contained-codex.sh');
  const script = `#!/bin/sh
    cd ${home}
    (CODEX_HOME=${home} sh -c '${CODEX} "$@" >out; echo $? >code.new; mv code.new code' codex "$@" </dev/null >log 2>&1 &)
    while [ ! -e code ]; do sleep 0.05; done
    cat out
    exit "$(cat code)"
  `;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

/** The same rows, in whatever order. */
function expectSet(rows: readonly object[], expected: readonly object[]): void {
  expect(rows).toHaveLength(expected.length);
  expect(rows).toEqual(expect.arrayContaining([...expected]));
}
