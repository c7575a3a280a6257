import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forgetUser } from '../../src/fleet/postgres/upkeep.js';
import { openStore, type Store } from '../../src/store/store.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { runUsage } from '../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../store/samples.js';
import { createFleet, type Fleet } from './fleet.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const DOC = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');
const A = '0b6f1f0e-3d0c-4c53-9d55-111111111111';
const B = '0b6f1f0e-3d0c-4c53-9d55-222222222222';

/** A machine with a database, its settings, and codex-usage. */
function createMachine(settings: string) {
  const folder = createFolder();
  const database = join(folder, 'usage.db');
  const config = join(folder, 'config', 'codex-metered', 'codex-metered.toml');
  mkdirSync(join(config, '..'), { recursive: true });
  writeFileSync(config, settings);
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), CODEX_METERED_STATE_DIR: join(folder, 'state'), HOME: folder };
  return {
    database,
    team: join(folder, 'team.db'),
    config,
    usage: (...args: string[]) => runUsage(args, { database, cwd: folder, env }),
    async json(...args: string[]) {
      const { stdout } = await runUsage([...args, '--json'], { database, cwd: folder, env });
      return JSON.parse(stdout);
    },
    record(work: (store: Store) => void) {
      const store = openStore(database, { mode: 'write', busyTimeoutMs: 5000 });
      work(store);
      store.close();
    },
  };
}

describe.skipIf(NO_POSTGRES !== undefined)('codex-usage pull', () => {
  let server: PostgresServer;
  let fleet: Fleet;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    fleet = await createFleet(server);
  });

  const machineOf = (user: string, team = 'core', more = '') =>
    createMachine(
      `time_zone = "UTC"\n[fleet.work]\nurl = "${fleet.url}"\nread_url = "${fleet.readUrl}"\nuser = "${user}"\nlabels = { team = "${team}" }\n${more}`,
    );
  type Machine = ReturnType<typeof machineOf>;
  const recordAndPush = async (
    machine: Machine,
    id: string,
    responses: readonly PricedResponse[],
    attribution = {},
  ) => {
    machine.record((store) => {
      store.record({
        invocation: sampleInvocation(id, { attribution }),
        update: { status: 'completed', exitCode: 0, endedAtMs: responses[0]?.completedAtMs ?? 0 },
        responses,
      });
    });
    expect(await machine.usage('push')).toMatchObject({ exitCode: 0 });
  };
  const two = async () => {
    const [ada, linus] = [machineOf('ada'), machineOf('linus', 'web')];
    await recordAndPush(ada, A, [sampleResponse('r1'), sampleResponse('r2', { usage: { input: 500 } })]);
    const of = { projectId: 'infra', runId: 'weekly', phase: 'reviewer' as const };
    await recordAndPush(linus, B, [sampleResponse('l1', { threadId: 'other', model: 'gpt-5.4' })], of);
    return { ada, linus };
  };

  it('brings what all machines have pushed, for every report', async () => {
    const { ada } = await two();
    const { exitCode, stdout, stderr } = await ada.usage('pull');
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: 'work: pulled 3 responses and 2 invocations that are new or have changed.\n',
      stderr: '',
    });
    const totals = { inputTokens: 2500, outputTokens: 600, responseCount: 3, costUsd: 0.0073 };
    expect((await ada.json('monthly')).totals).toMatchObject({ inputTokens: 1500 });
    expect(await ada.json('monthly', '--fleet')).toMatchObject({ monthly: [{ month: '2026-03' }], totals });
    for (const report of ['daily', 'model', 'project', 'phase']) {
      expect((await ada.json(report, '--fleet')).totals).toMatchObject(totals);
    }
    expect((await ada.json('phase', '--fleet')).phases).toMatchObject([
      { phase: 'builder', invocationCount: 1, inputTokens: 1500 },
      { phase: 'reviewer', invocationCount: 1, inputTokens: 1000 },
    ]);
    expect(await ada.json('run', 'weekly', '--fleet')).toMatchObject({
      totals: { inputTokens: 1000, costUsd: 0.0026 },
    });
    expect((await ada.usage('why', 'weekly', '--fleet')).exitCode).toBe(0);
    expect((await ada.usage('export', '--fleet')).stdout.trim().split('\n')).toHaveLength(4);
  });

  it('brings corrections, other prices, moves and what is gone, once each, however often it is called', async () => {
    const { ada, linus } = await two();
    await linus.usage('pull');
    expect((await linus.usage('pull')).stdout).toMatch(/^work: pulled \d/);
    ada.record(({ connection }) => {
      connection.exec("UPDATE response_rows SET input_tokens = 1100, cost_nano_usd = 7 WHERE response_key = 'r1'");
      connection.exec("DELETE FROM response_rows WHERE response_key = 'r2'");
    });
    await ada.usage('push');
    expect(await linus.json('pull')).toMatchObject({ outcome: 'pulled', deleted: 1 });
    expect((await linus.json('project', '--fleet')).projects).toMatchObject([
      { projectId: 'infra', inputTokens: 1000, responseCount: 1 },
      { projectId: 'shop', inputTokens: 1100, responseCount: 1, costUsd: 7e-9 },
    ]);
    ada.record(({ connection }) => connection.exec("UPDATE invocations SET project_id = 'moved'"));
    await ada.usage('push', '--full');
    await linus.usage('pull');
    const fresh = await linus.json('project', '--fleet');
    expect(fresh.projects).toMatchObject([{ projectId: 'infra' }, { projectId: 'moved', inputTokens: 1100 }]);
    await linus.usage('pull', '--full');
    expect(await linus.json('project', '--fleet')).toEqual(fresh);
  });

  it('tells by user, machine and team whose usage it is, with and without an invocation', async () => {
    const { ada, linus } = await two();
    linus.record(({ connection }) => {
      connection.exec(`INSERT INTO threads (id, provider, root_id, project_id, kind, started_at_ms) VALUES ('old', 'codex', 'old', 'past', 'main', 1);
        INSERT INTO response_rows (provider, thread_id, response_key, model, input_tokens, cached_input_tokens, cache_write_tokens,
          cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source, cost_nano_usd, completed_at_ms, recorded_at_ms)
        VALUES ('codex', 'old', 'o1', 'gpt-5.4', 30, 0, 0, 0, 0, 0, 'usage_record', 'actual', 9000, ${Date.UTC(2026, 2, 5)}, 1)`);
    });
    await linus.usage('push');
    await ada.usage('pull');
    expect((await ada.json('user', '--fleet')).users).toMatchObject([
      { user: 'ada', inputTokens: 1500, invocationCount: 1 },
      { user: 'linus', inputTokens: 1030, invocationCount: 1, costUsd: 0.002609 },
    ]);
    expect((await ada.json('team', '--fleet')).teams).toMatchObject([
      { team: 'core' },
      { team: 'web', inputTokens: 1030 },
    ]);
    expect((await ada.json('machine', '--fleet')).machines).toMatchObject([{ machine: hostname(), inputTokens: 2530 }]);
    expect((await ada.json('project', '--fleet')).projects.map((one: { projectId: string }) => one.projectId)).toEqual([
      'shop',
      'infra',
      'past',
    ]);
    expect((await ada.usage('user', '--fleet', '--markdown')).stdout).toMatch(/\| User \|[\s\S]*\| linus \|/);
    expect((await ada.usage('user', '--fleet')).stdout).toMatch(/Usage by user[\s\S]*linus/);
    expect((await ada.json('user')).users).toMatchObject([{ user: 'ada', inputTokens: 1500 }]);
    expect((await ada.json('machine')).machines).toMatchObject([{ machine: hostname() }]);
    expect((await linus.json('team')).teams).toMatchObject([{ team: 'web', inputTokens: 1030 }]);
    expect((await ada.json('user', '--unit', 'credits')).users).toMatchObject([{ user: 'ada' }]);
  });

  it('takes a name away that the fleet has forgotten', async () => {
    const { ada } = await two();
    expect(Object.keys(await ada.json('pull')).filter((field) => !DOC.includes(`\`${field}\``))).toEqual([]);
    await forgetUser(fleet.admin, 'linus');
    await ada.usage('pull');
    expect((await ada.json('user', '--fleet')).users).toMatchObject([{ user: 'ada' }, { user: 'forgotten' }]);
    expect((await ada.json('machine', '--fleet')).machines.map((one: { machine: string }) => one.machine)).toEqual([
      hostname(),
      'forgotten',
    ]);
  });

  it('asks for as much time as is wanted, and says how many responses the server has as sums alone', async () => {
    const { ada } = await two();
    const recent = sampleResponse('r9', { completedAtMs: Date.now(), threadId: 'new' });
    await recordAndPush(ada, randomUUID(), [recent], { runId: 'today' });
    expect(await ada.json('pull', '--last', '1d')).toMatchObject({ responses: 1, pruned: 0 });
    expect((await ada.json('daily', '--fleet')).totals.responseCount).toBe(1);
    expect(await ada.json('pull', '--last', '900d')).toMatchObject({ responses: 4, pruned: 0 });
    expect((await ada.json('daily', '--fleet')).totals.responseCount).toBe(4);
    await fleet.admin.query("DELETE FROM responses_default WHERE completed_at < now() - interval '1 day'");
    expect(await ada.json('pull')).toMatchObject({ pruned: 0 });
    expect((await ada.json('daily', '--fleet')).totals.responseCount).toBe(4);
    expect(await ada.json('pull', '--full')).toMatchObject({ responses: 1, pruned: 3 });
  });

  it('counts a row that cannot be right, and brings the others', async () => {
    const { ada } = await two();
    await fleet.admin.query("UPDATE responses SET evidence = 'hearsay' WHERE input_tokens = 500");
    const { stdout } = await ada.usage('pull');
    expect(stdout).toContain('pulled 2 responses');
    expect(stdout).toContain('1 row left out, because they cannot be right.');
  });

  it.each([
    ['a server that is not there', 'postgres://reader@127.0.0.1:1/usage', /work is not reached: .*ECONNREFUSED/],
    ['a role that may not read', 'pusher', /the role may not read \(42501\)/],
    ['a server without the schema', 'template1', /the schema is missing there/],
  ])('keeps what was pulled before where it meets %s', async (_what, url, message) => {
    const { ada } = await two();
    await ada.usage('pull');
    const before = await ada.json('daily', '--fleet');
    const bad = url === 'pusher' ? fleet.url : url === 'template1' ? server.url('postgres', 'reader') : url;
    writeFileSync(ada.config, `time_zone = "UTC"\n[fleet.work]\nurl = "${bad}"\n`);
    const { exitCode, stdout, stderr } = await ada.usage('pull');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('What was pulled before stays.');
    expect(await ada.json('daily', '--fleet')).toEqual(before);
  });

  it('keeps what was pulled before where the connection breaks in its middle', async () => {
    const { ada } = await two();
    await ada.usage('pull');
    const before = await ada.json('daily', '--fleet');
    await fleet.admin.query(`CREATE FUNCTION broken() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN ''; END $$;
      ALTER TABLE users RENAME TO real_users; CREATE VIEW users AS SELECT id, tenant, name FROM real_users WHERE broken() = '' OR pg_terminate_backend(pg_backend_pid());
      GRANT SELECT ON users TO reader; GRANT EXECUTE ON FUNCTION broken() TO reader, pusher`);
    const { exitCode } = await ada.usage('pull', '--full');
    expect(exitCode).toBe(1);
    expect(await ada.json('daily', '--fleet')).toEqual(before);
  });

  it('says what to do where nothing was pulled, and where it is not clear from which target', async () => {
    const machine = machineOf('ada', 'core', `[fleet.home]\nurl = "${fleet.url}"\n`);
    const nothing = {
      exitCode: 1,
      stderr: 'Nothing of the fleet has been pulled yet: codex-usage pull brings it.\n',
    };
    expect(await machine.usage('daily', '--fleet')).toMatchObject(nothing);
    // A first pull that fails leaves a database without rows.
    openStore(machine.team, { mode: 'write' }).close();
    expect(await machine.usage('daily', '--fleet')).toMatchObject(nothing);
    expect(await machine.usage('pull')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('say which of work, home to pull from'),
    });
  });
});
