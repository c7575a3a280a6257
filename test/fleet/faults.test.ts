import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/store.js';
import { makeCertificate, NO_OPENSSL } from '../harness/certificate.js';
import { runUsage } from '../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../store/samples.js';
import { startCuttingProxy } from './cutting-proxy.js';
import { createFleet, type Fleet } from './fleet.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const ID = '0b6f1f0e-3d0c-4c53-9d55-111111111111';

/** A database with some responses, and pushes of it by variables alone. */
function createMachine() {
  const folder = createFolder();
  const database = join(folder, 'usage.db');
  const store = openStore(database, { mode: 'write' });
  store.record({ invocation: sampleInvocation(ID), responses: ['1', '2', '3'].map((key) => sampleResponse(key)) });
  store.close();
  return {
    folder,
    push: (url: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
      const own = { HOME: folder, CODEX_METERED_STATE_DIR: folder, CODEX_METERED_FLEET_URL: url };
      return runUsage(['push', ...args], { database, cwd: folder, env: { ...own, ...env } });
    },
  };
}

const count = async (fleet: Fleet) =>
  (await fleet.read<{ n: number }>('SELECT count(*)::int AS n FROM responses'))[0]?.n;

describe.skipIf(NO_POSTGRES !== undefined)('a push over a connection that breaks', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  it('succeeds in its time when the server comes back', async () => {
    const fleet = await createFleet(server);
    const { push } = createMachine();
    const proxy = await startCuttingProxy(server.port);
    onTestFinished(() => proxy.close());
    proxy.cutAfter({ received: 1 });
    const pushed = push(fleet.url.replace(String(server.port), String(proxy.port)), ['--wait', '30s']);
    await expect.poll(() => proxy.cuts, { timeout: 20_000 }).toBeGreaterThan(0);
    proxy.cutAfter(undefined);
    expect(await pushed).toMatchObject({ exitCode: 0 });
    expect(await count(fleet)).toBe(3);
  });

  it('says what is missing where there is no schema, or no right to push', async () => {
    const { push } = createMachine();
    const database = await server.createDatabase();
    const fleet = await createFleet(server);
    await fleet.admin.query('CREATE ROLE stranger LOGIN');
    const strange = await push(fleet.url.replace('pusher', 'stranger'));
    expect([strange.exitCode, strange.stderr]).toEqual([1, expect.stringMatching(/codex-usage fleet init/)]);
    const missing = await push(server.url(database, 'pusher'));
    expect([missing.exitCode, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/the schema is missing there.*fleet init/),
    ]);
    for (const { stderr } of [strange, missing]) expect(stderr).not.toMatch(/pusher|stranger/);
  });
});

describe.skipIf(NO_POSTGRES !== undefined)('a push to a server that asks for a password', () => {
  let server: PostgresServer;
  let fleet: Fleet;
  beforeAll(async () => {
    server = await startPostgres(undefined, { auth: 'scram-sha-256' });
    fleet = await createFleet(server);
    await fleet.admin.query("ALTER ROLE pusher PASSWORD 'correct horse'");
  });
  afterAll(() => server?.stop());

  it.each([
    ['of the variable', () => ({ CODEX_METERED_FLEET_PASSWORD: 'correct horse' })],
    ['of a file', (folder: string) => ({ CODEX_METERED_FLEET_PASSWORD_FILE: join(folder, 'secret') })],
    ["of libpq's password file", (folder: string) => ({ PGPASSFILE: join(folder, 'pgpass') })],
  ])('logs in with that %s', async (_what, choose) => {
    const { folder, push } = createMachine();
    writeFileSync(join(folder, 'secret'), 'correct horse\n', { mode: 0o600 });
    writeFileSync(join(folder, 'pgpass'), '# all\nother:1:x:y:no\n*:*:*:pusher:correct horse\n', { mode: 0o600 });
    expect(await push(fleet.url, [], choose(folder))).toMatchObject({ exitCode: 0 });
  });

  it('logs in with what a program prints', async () => {
    const { folder } = createMachine();
    mkdirSync(join(folder, 'codex-metered'));
    const config = `[fleet.work]\nurl = "${fleet.url}"\npassword_command = ["echo", "correct horse"]\n`;
    writeFileSync(join(folder, 'codex-metered', 'codex-metered.toml'), config);
    const env = { HOME: folder, CODEX_METERED_STATE_DIR: folder, XDG_CONFIG_HOME: folder };
    const printed = await runUsage(['push'], { database: join(folder, 'usage.db'), cwd: folder, env });
    expect(printed).toMatchObject({ exitCode: 0 });
  });

  it('is refused with a wrong one, and shows neither it nor the role', async () => {
    const { push } = createMachine();
    const { exitCode, stderr } = await push(fleet.url, ['--wait', '20s'], {
      CODEX_METERED_FLEET_PASSWORD: 'battery staple',
    });
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/does not accept the role or its password \(28P01\)/),
    ]);
    expect(stderr).not.toMatch(/battery|pusher/);
  });
});

describe.skipIf((NO_POSTGRES ?? NO_OPENSSL) !== undefined)('a push over TLS', () => {
  let server: PostgresServer;
  let fleet: Fleet;
  const folder = mkdtempSync(join(tmpdir(), 'codex-metered-tls-'));
  let authority: string;
  beforeAll(async () => {
    const { key, certificate, path } = await makeCertificate(folder);
    authority = path;
    const files = { 'server.crt': certificate, 'server.key': key };
    server = await startPostgres(undefined, { settings: { ssl: 'on' }, files });
    fleet = await createFleet(server);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  const urlOf = (host: string, query: string) => `${fleet.url.replace('127.0.0.1', host)}?${query}`;

  it('is sent to a server whose certificate names it', async () => {
    const { push } = createMachine();
    expect(await push(urlOf('localhost', `sslmode=verify-full&sslrootcert=${authority}`))).toMatchObject({
      exitCode: 0,
    });
  });

  it.each([
    ['an unknown authority', 'localhost', () => 'sslmode=verify-full', /not proved who it is/],
    [
      'a certificate of another name',
      '127.0.0.1',
      () => `sslmode=verify-full&sslrootcert=${authority}`,
      /not proved who it is/,
    ],
    [
      'a missing certificate',
      'localhost',
      () => 'sslmode=verify-full&sslrootcert=/nowhere.crt',
      /sslrootcert of environment is not read/,
    ],
  ])('is not sent with %s', async (_what, host, query, message) => {
    const { push } = createMachine();
    const before = await count(fleet);
    const { exitCode, stderr } = await push(urlOf(host, query()));
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(await count(fleet)).toBe(before);
  });
});
