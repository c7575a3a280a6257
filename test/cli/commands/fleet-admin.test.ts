import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invocation, response, TestStore } from '../../fleet/batches.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from '../../fleet/postgres-server.js';
import { runUsage } from '../../harness/codex-usage.js';
import { createFolder } from '../../store/samples.js';

const NOWHERE = 'postgres://admin@127.0.0.1:1/usage';

const DOC = readFileSync(new URL('../../../docs/json.md', import.meta.url), 'utf8');

/** What was printed, whose fields docs/json.md must name. */
function readJson(text: string): Record<string, unknown> {
  const json = JSON.parse(text) as Record<string, unknown>;
  expect(Object.keys(json).filter((field) => !DOC.includes(`\`${field}\``))).toEqual([]);
  return json;
}

const usage = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
  const folder = createFolder();
  const around = { XDG_CONFIG_HOME: folder, CODEX_METERED_STATE_DIR: folder, HOME: folder, PGPASSFILE: undefined };
  return runUsage(args, { database: `${folder}/usage.db`, cwd: folder, env: { ...around, ...env } });
};

describe.skipIf(NO_POSTGRES !== undefined)('codex-usage fleet, for an administrator', () => {
  let server: PostgresServer;
  let admin: Awaited<ReturnType<PostgresServer['connect']>>;
  let url: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    server = await startPostgres(undefined, { auth: 'scram-sha-256' });
    const database = await server.createDatabase();
    admin = await server.connect(database);
    url = server.url(database);
    env = { CODEX_METERED_FLEET_PASSWORD: server.password };
  });
  afterAll(() => server?.stop());

  it('makes the schema with init, prints the roles to grant, and says the next time that all is there', async () => {
    const first = await usage(['fleet', 'init', url], env);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^127\.0\.0\.1\/fleet_\w+: made the schema codex_metered, version \d+\. New partitions: \d{4}-\d\d,/,
    );
    expect(first.stdout).toContain("SELECT codex_metered.allow_push('usage_pusher');");
    await admin.query(first.stdout.slice(first.stdout.indexOf('-- A role'), first.stdout.indexOf('Run this again')));

    const again = await usage(['fleet', 'init', url], env);
    expect(again.stdout).toContain('is up to date');
    expect(again.stdout).toContain('usage_pusher may push, for default');
    expect(again.stdout).not.toContain('CREATE ROLE');

    const json = readJson((await usage(['fleet', 'init', url, '--json'], env)).stdout);
    expect(json).toMatchObject({ kind: 'fleet-init', partitions: [], roles: [{ push: true }, { read: true }] });
  });

  it('names the runs whose end never came', async () => {
    expect(await usage(['fleet', 'lost', url], env)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/: 0 invocations lost, 0 machines quiet for an hour or longer\.\n$/),
    });
    const runner = new TestStore('runner');
    const running = { status: 'running', ended_at_ms: null, user: 'linus', run: 'nightly' };
    await runner.push(admin, { invocations: [invocation(crypto.randomUUID(), running)] });
    await admin.query(`UPDATE codex_metered.stores SET last_seen = now() - interval '2 hours'`);
    const lost = await usage(['fleet', 'lost', url], env);
    expect(lost.exitCode).toBe(1);
    expect(lost.stdout).toMatch(
      /: 1 invocation lost, 1 machine quiet .*\n {2}shop, nightly, builder: linus on runner, started/,
    );
    const json = readJson((await usage(['fleet', 'lost', url, '--json'], env)).stdout);
    expect(json).toMatchObject({
      kind: 'fleet-lost',
      quietMachines: 1,
      invocations: [{ run: 'nightly', user: 'linus' }],
    });
    await admin.query('DELETE FROM codex_metered.invocations');

    await admin.query("CREATE ROLE stranger LOGIN PASSWORD 'strange'");
    const stranger = url.replace('admin@', 'stranger@');
    expect(await usage(['fleet', 'lost', stranger], { CODEX_METERED_FLEET_PASSWORD: 'strange' })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('this role may not read there. Set read_url'),
    });
  });

  it('forgets a user, after it has said what that would do', async () => {
    const store = new TestStore('adas-laptop');
    await store.push(admin, { invocations: [invocation(crypto.randomUUID())], responses: [response('one')] });
    const what = ['fleet', 'forget', 'ada', '--target', url];
    const names = async () => (await admin.query('SELECT user_name FROM codex_metered.usage_daily')).rows;
    expect((await usage([...what, '--dry-run'], env)).stdout).toContain(
      'would take the name ada from 1 invocation and 1 machine',
    );
    expect(await names()).toEqual([{ user_name: 'ada' }]);
    expect((await usage(what, env)).stdout).toContain('ada is forgotten, with 1 invocation and 1 machine');
    expect(await names()).toEqual([{ user_name: 'forgotten' }]);
    expect(await usage(what, env)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('has no user "ada"') });
  });

  it('prunes old months, after it has said what that would do', async () => {
    await new TestStore().push(admin, { responses: [response('old', { completed_at_ms: Date.UTC(2020, 0, 5) })] });
    const what = ['fleet', 'prune', url, '--older-than', '400d'];
    const old = async () =>
      (await admin.query("SELECT 1 FROM codex_metered.responses WHERE completed_at < '2021-01-01'")).rows;
    expect((await usage([...what, '--dry-run'], env)).stdout).toContain('would drop 0 partitions and 1 response');
    expect(await old()).toHaveLength(1);
    const json = readJson((await usage([...what, '--json'], env)).stdout);
    expect(json).toMatchObject({ kind: 'fleet-prune', partitions: [], deleted: 1, dryRun: false });
    expect(await old()).toHaveLength(0);
  });

  it('says why the server lets nobody in, and keeps the password to itself', async () => {
    const wrong = await usage(['fleet', 'init', url], { CODEX_METERED_FLEET_PASSWORD: 'a-wrong-one' });
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('28P01') });
    expect(wrong.stderr).not.toContain('a-wrong-one');
  });
});

describe('codex-usage fleet', () => {
  it.each([
    [['fleet', 'prune', NOWHERE], 'needs --older-than'],
    [['fleet', 'prune', NOWHERE, '--older-than', '1d'], 'from 31d on'],
    [['fleet', 'forget'], 'Say whom'],
    [['fleet', 'init', NOWHERE, '--dry-run'], 'fleet init has no --dry-run'],
    [['fleet', 'status', '--older-than', '400d'], 'fleet status has no --older-than'],
    [['fleet', 'init', 'postgres://admin:secret@127.0.0.1/usage'], 'holds a password'],
    [['fleet', 'init', 'mysql://127.0.0.1/usage'], 'must be such as'],
    [['fleet', 'init'], 'No target of the fleet is set'],
    [['fleet', 'init', 'work'], 'No target of the fleet is set'],
  ])('refuses %j, and says why', async (args, message) => {
    const result = await usage(args);
    expect(result).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) });
    expect(result.stderr).not.toContain('secret');
  });

  it('says that a server is not reached', async () => {
    const result = await usage(['fleet', 'init', NOWHERE]);
    expect(result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('127.0.0.1/usage is not reached') });
  });
});
