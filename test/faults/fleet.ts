import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { sweepCuts } from '../fleet/cuts.js';
import { startCuttingProxy } from '../fleet/cutting-proxy.js';
import { createFleet, endPushes, type Fleet, listPushes } from '../fleet/fleet.js';
import { KILL_STEPS, killAtEachStep } from '../fleet/kill-steps.js';
import {
  NO_POSTGRES,
  PGBOUNCER,
  type PostgresServer,
  startPgbouncer,
  startPostgres,
} from '../fleet/postgres-server.js';
import { type Printed, runUsage } from '../harness/codex-usage.js';
import { waitFor } from '../harness/wait.js';
import { type Ended, type RunOptions, USAGE, type Workbench } from '../harness/workbench.js';
import { type Fault, SAME } from './fault.js';
import { fill, mountSmallDisk } from './full-disk.js';
import { disturbTurn } from './turn.js';

/** Set to anything, it has the connection cut at every byte, which takes minutes. */
export const EVERY_BYTE = 'CODEX_METERED_TEST_EVERY_BYTE';
/** How many bytes lie between two cuts otherwise. */
const USUAL_STEP = 120;

const NOBODY_WAITS = `${SAME}; nobody waits for the fleet`;

export const FLEET_FAULTS: readonly Fault[] = [
  onFleet({
    name: 'The connection to the fleet is cut after N bytes',
    done: 'while a run is sent; then in a first and a later push of other machines, in both directions',
    record: 'the batch whose answer was lost is sent again, and counts once',
    async hold({ server, fleet, run, push, expectFleet }) {
      const proxy = await startCuttingProxy(server.port);
      const url = fleet.url.replace(String(server.port), String(proxy.port));
      try {
        proxy.cutAfter({ sent: 300 });
        const cut = await run(() => waitFor('a push that is cut', () => proxy.cuts > 0), { url });
        proxy.cutAfter(undefined);
        expect(await push({ url })).toMatchObject({ exitCode: 0 });
        await expectFleet({ stores: 1 }, cut);
      } finally {
        await proxy.close();
      }
      return sweepCuts(server, await createFleet(server), process.env[EVERY_BYTE] ? 1 : USUAL_STEP);
    },
  }),
  onFleet({
    name: 'A push is killed by SIGKILL',
    done: `the one beside the run, then one that is held ${KILL_STEPS.join(', ')}`,
    record: 'the next push repeats the batch, which counts once; no lock stays behind',
    async hold({ bench, server, fleet, run, push, expectFleet }) {
      const killed = await run(async () => {
        await waitFor('the push', () => listPushes(bench.folder).length > 0);
        await endPushes(bench.folder, 'SIGKILL');
      });
      const { folder, database, env } = bench;
      await killAtEachStep({ server, fleet, folder, database, env }, async (step) => {
        expect(await push(), step).toMatchObject({ exitCode: 0 });
        await expectFleet({}, killed);
      });
      for (const spool of ['out', 'from']) {
        expect(await push({ args: ['--from', join(folder, spool)] })).toMatchObject({ exitCode: 0 });
      }
      await expectFleet({}, killed);
    },
  }),
  onFleet({
    name: 'The server of the fleet crashes and comes back',
    done: 'it is ended without a goodbye while a run is sent, and once more before a push',
    record: 'waits on the machine, and is sent when the server is back',
    async hold({ server, run, push, expectFleet }) {
      const crashed = await run(() => server.restart('immediate'));
      const restarted = server.restart('immediate');
      expect(await push({ args: ['--wait', '60s'] })).toMatchObject({ exitCode: 0 });
      await restarted;
      await expectFleet({ stores: 1 }, crashed);
    },
  }),
  onFleet({
    name: 'The disk of the fleet’s server is full',
    done: 'the responses are on a file system of 8 MB that has no byte left (or the server says so)',
    record: 'waits on the machine; the next push that finds room sends it',
    async hold({ server, fleet, run, push, expectFleet }) {
      const release = await fillServer(server, fleet);
      const full = await run();
      expect(await push()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(53100)') });
      await release();
      expect(await push()).toMatchObject({ exitCode: 0 });
      await expectFleet({ stores: 1 }, full);
    },
  }),
  onFleet({
    name: 'The server of the fleet is read-only',
    done: 'as after a failover to a copy of it',
    record: 'waits on the machine; the next push sends it when the server may be written',
    async hold({ fleet, run, push, expectFleet }) {
      const database = new URL(fleet.url).pathname.slice(1);
      await fleet.read(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      const refused = await run();
      expect(await push()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(25006)') });
      await fleet.read('SET default_transaction_read_only = off');
      await fleet.read(`ALTER DATABASE ${database} RESET default_transaction_read_only`);
      expect(await push()).toMatchObject({ exitCode: 0 });
      await expectFleet({ stores: 1 }, refused);
    },
  }),
  onFleet({
    name: 'The fleet refuses a row',
    done: 'the server has a rule that one of the two responses violates',
    record:
      'that row is set aside and named by `codex-usage fleet status`, the others are sent; `push --full` sends it when the rule is gone',
    async hold({ fleet, run, push, usage, expectFleet }) {
      await fleet.read('ALTER TABLE responses ADD CONSTRAINT odd CHECK (input_tokens <> 4300)');
      const refused = await run();
      await push();
      expect(await fleet.read('SELECT input_tokens::int AS n FROM responses')).toEqual([{ n: 4100 }]);
      expect((await usage(['fleet', 'status'])).stdout).toMatch(/1 row that the target refuses: response .*odd/s);
      await fleet.read('ALTER TABLE responses DROP CONSTRAINT odd');
      expect(await push({ args: ['--full'] })).toMatchObject({ exitCode: 0 });
      expect((await usage(['fleet', 'status'])).stdout).not.toContain('refuses');
      await expectFleet({ stores: 1 }, refused);
    },
  }),
  onFleet({
    name: 'Pushes meet in a deadlock',
    done: 'the server ends three batches one after the other with that error (40P01)',
    record: 'the batch is sent again at once',
    async hold({ fleet, run, push, expectFleet }) {
      await fleet.read('CREATE SEQUENCE collisions');
      await fleet.read(raiseInInsert("IF nextval('codex_metered.collisions') > 3 THEN RETURN NEW; END IF;", '40P01'));
      const collided = await run();
      expect(await push()).toMatchObject({ exitCode: 0, stderr: '' });
      const [last] = await fleet.read<{ n: number }>('SELECT last_value::int AS n FROM collisions');
      expect(last?.n).toBeGreaterThan(3);
      await expectFleet({ stores: 1 }, collided);
    },
  }),
  onFleet({
    name: 'A machine’s clock is two days ahead of the fleet',
    done: 'the push runs with such a clock',
    record:
      'sent with the times that were recorded; `codex-usage fleet status` and the view `machines` say by how much the clock is wrong',
    async hold({ bench, fleet, run, usage, expectFleet }) {
      const ahead = await run(() => undefined, { url: '' });
      const shift = join(bench.folder, 'shift.cjs');
      writeFileSync(shift, 'const { now } = Date; Date.now = () => now() + 2 * 86_400_000;');
      const env = { ...bench.env, CODEX_METERED_FLEET_URL: fleet.url, NODE_OPTIONS: `--require ${shift}` };
      await execa(process.execPath, [USAGE, 'push'], { env, extendEnv: false });
      expect((await usage(['fleet', 'status'])).stdout).toMatch(/clock .*this machine is .* ahead of the target/s);
      expect(await fleet.read('SELECT round(clock_skew_ms / 86400000.0)::int AS days FROM machines')).toEqual([
        { days: 2 },
      ]);
      expect(await fleet.read("SELECT 1 FROM responses WHERE completed_at > now() + interval '1 day'")).toEqual([]);
      await expectFleet({ stores: 1 }, ahead);
    },
  }),
  onFleet({
    name: 'A database is copied to another machine',
    done: 'both machines go on with it, and push in turn',
    record:
      'what both have counts once; the copy is another machine from its first push on that the fleet does not expect',
    async hold({ bench, run, push, expectFleet }) {
      const first = await run();
      await push();
      const copy = join(bench.folder, 'copy.db');
      await execa(USAGE, ['run'], { env: bench.env, reject: false });
      for (const suffix of ['', '-wal']) {
        if (existsSync(bench.database + suffix)) copyFileSync(bench.database + suffix, copy + suffix);
      }
      const runs = [first];
      for (let round = 0; round < 2; round++) {
        runs.push(await run());
        await push();
        runs.push(await run(() => undefined, { database: copy }));
        await push({ database: copy });
      }
      await expectFleet({ stores: 2 }, ...runs);
    },
  }),
  onFleet({
    name: 'Two users share a machine and its database',
    done: 'each has a run, and one of them pushes',
    record: 'each response is of the user whose run it was',
    async hold({ fleet, run, push, expectFleet }) {
      const runs: Ended[] = [];
      for (const user of ['ada', 'grace', 'grace']) {
        runs.push(await run(() => undefined, { url: '', env: { CODEX_METERED_USER: user } }));
      }
      await push({ env: { CODEX_METERED_USER: 'ada' } });
      const users = 'SELECT user_name, sum(responses)::int AS n FROM users_monthly GROUP BY 1 ORDER BY 1';
      expect(await fleet.read(users)).toEqual([
        { user_name: 'ada', n: 2 },
        { user_name: 'grace', n: 4 },
      ]);
      await expectFleet({ stores: 1 }, ...runs);
    },
  }),
  onFleet({
    name: '100 machines push at once',
    done: 'copies of one database, through pgbouncer in transaction mode with 8 connections where it is installed',
    record: 'each response counts once',
    async hold({ bench, server, fleet, run, push, expectFleet }) {
      const ended = await run(() => undefined, { url: '' });
      await execa(USAGE, ['run'], { env: bench.env, reject: false });
      const database = new URL(fleet.url).pathname.slice(1);
      const pooler =
        PGBOUNCER === undefined ? undefined : await startPgbouncer(server, { database, role: 'pusher', poolSize: 8 });
      const url = pooler ? fleet.url.replace(String(server.port), String(pooler.port)) : fleet.url;
      try {
        const pushes = Array.from({ length: 100 }, (_, machine) => {
          const copy = join(bench.folder, `machine-${machine}`);
          mkdirSync(copy);
          for (const suffix of ['', '-wal']) {
            if (existsSync(bench.database + suffix))
              copyFileSync(bench.database + suffix, join(copy, `usage.db${suffix}`));
          }
          return push({ url, database: join(copy, 'usage.db') });
        });
        for (const pushed of await Promise.all(pushes)) expect(pushed).toMatchObject({ exitCode: 0 });
      } finally {
        await pooler?.stop();
      }
      await expectFleet({ stores: 100 }, ended);
    },
  }),
];

interface Around {
  readonly bench: Workbench;
  readonly server: PostgresServer;
  readonly fleet: Fleet;
  /** Runs a turn with and without us, and asserts that both are the same; `disturb` is called in its middle. */
  run(disturb?: () => unknown, options?: Where): Promise<Ended>;
  push(options?: Where & { readonly args?: readonly string[] }): Promise<Printed>;
  usage(args: string[], options?: Where): Promise<Printed>;
  /** Asserts that the fleet has each response of the runs once, and that its sums are those of its responses. */
  expectFleet(expected: { readonly stores?: number }, ...runs: readonly Ended[]): Promise<void>;
}

interface Where {
  /** Default: the fleet's. Empty: there is no target. */
  readonly url?: string;
  readonly database?: string;
  readonly env?: Record<string, string>;
}

interface FleetFault extends Omit<Fault, 'codex' | 'hold' | 'missing'> {
  hold(around: Around): Promise<unknown>;
}

/** A fault of a fleet that consists of a PostgreSQL of its own and the machine of the workbench. */
function onFleet({ hold, ...described }: FleetFault): Fault {
  return {
    ...described,
    codex: NOBODY_WAITS,
    missing: NO_POSTGRES,
    async hold(bench) {
      const server = await startPostgres();
      try {
        return await hold(describeAround(bench, server, await createFleet(server)));
      } finally {
        await endPushes(bench.folder);
        await server.stop();
      }
    },
  };
}

function describeAround(bench: Workbench, server: PostgresServer, fleet: Fleet): Around {
  const envOf = ({ url = fleet.url, database = bench.database, env }: Where) => ({
    ...(url !== '' && { CODEX_METERED_FLEET_URL: url }),
    ...{ CODEX_METERED_DB: database, ...env },
  });
  const usage = (args: string[], where: Where = {}) => {
    const env = { ...bench.env, ...envOf(where) };
    return runUsage(args, { database: where.database ?? bench.database, cwd: bench.folder, env });
  };
  return {
    ...{ bench, server, fleet, usage },
    async run(disturb = () => undefined, where = {}) {
      const options: RunOptions = { env: envOf(where) };
      const ended = await disturbTurn({ ...bench, database: where.database ?? bench.database }, disturb, options);
      expect(ended.ledger).toHaveLength(2);
      await endPushes(bench.folder);
      return ended;
    },
    push: ({ args = [], ...where } = {}) => usage(['push', ...args], where),
    async expectFleet({ stores }, ...runs) {
      // After a restart the fleet's own connection is gone.
      const client = await server.connect(new URL(fleet.url).pathname.slice(1));
      const read = async (sql: string) => (await client.query<Record<string, number>>(sql)).rows;
      // Codex alone was run for a comparison, and may have been imported.
      const ofRuns = 'codex_metered.responses WHERE invocation IS NOT NULL';
      const billed = runs.flatMap(({ ledger }) => ledger.map(({ usage: counts }) => ({ ...counts })));
      expect(await read(`SELECT ${COUNTERS} FROM ${ofRuns} ORDER BY 1`)).toEqual(
        billed.toSorted((one, other) => (one.input ?? 0) - (other.input ?? 0)),
      );
      const sums = COUNTERS.replaceAll(/(\w+)::int/g, 'sum($1)::int');
      const ofResponses = await read(`SELECT ${sums} FROM codex_metered.responses`);
      for (const table of ['usage_15m', 'usage_day']) {
        expect(await read(`SELECT ${sums} FROM codex_metered.${table}`), table).toEqual(ofResponses);
      }
      const [known] = await read('SELECT count(*)::int AS n FROM codex_metered.stores');
      if (stores !== undefined) expect(known).toEqual({ n: stores });
    },
  };
}

const COUNTERS = `input_tokens::int AS input, cached_input_tokens::int AS cached, cache_write_tokens::int AS "cacheWrite",
  output_tokens::int AS output, reasoning_tokens::int AS reasoning`;

/** SQL of a trigger that has each response refused with an error, after `condition`. */
function raiseInInsert(condition: string, code: string): string {
  return `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN ${condition} RAISE EXCEPTION 'injected' USING ERRCODE = '${code}'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON responses FOR EACH ROW EXECUTE FUNCTION refuse()`;
}

/** Leaves the responses of a fleet without room, and returns what gives it back. */
async function fillServer({ directory }: PostgresServer, fleet: Fleet): Promise<() => Promise<void>> {
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  if (!mountSmallDisk(disk)) {
    await fleet.read(raiseInInsert('', '53100'));
    return () => fleet.read('DROP TRIGGER refuse ON responses').then(() => undefined);
  }
  const space = join(disk, 'space');
  mkdirSync(space);
  chmodSync(disk, 0o755);
  execFileSync('chown', ['--reference', join(directory, 'data'), space]);
  await fleet.read(`CREATE TABLESPACE small LOCATION '${space}'`);
  const parts = "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'responses'::regclass";
  for (const { name } of await fleet.read<{ name: string }>(parts)) {
    await fleet.read(`ALTER TABLE ${name} SET TABLESPACE small`);
  }
  const filler = join(disk, 'filler');
  fill(filler);
  return async () => {
    writeFileSync(filler, '');
    for (const { name } of await fleet.read<{ name: string }>(parts)) {
      await fleet.read(`ALTER TABLE ${name} SET TABLESPACE pg_default`);
    }
    await fleet.read('DROP TABLESPACE small');
    execFileSync('umount', ['-l', disk]);
  };
}
