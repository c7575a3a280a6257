import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFleet, type Fleet } from '../../fleet/fleet.js';
import { createMachine, type Machine } from '../../fleet/machine.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from '../../fleet/postgres-server.js';
import { sampleInvocation, sampleResponse } from '../../store/samples.js';

/** Nothing listens there: port 1 is privileged and unused. */
const NOWHERE = 'postgres://pusher@127.0.0.1:1/usage';
const A = '0b6f1f0e-3d0c-4c53-9d55-111111111111';
const B = '0b6f1f0e-3d0c-4c53-9d55-222222222222';

const recordOne = ({ record }: Machine, id = A, key = 'r1', more = {}) => {
  record((store) => store.record({ invocation: sampleInvocation(id), responses: [sampleResponse(key, more)] }));
};

const waiting = async ({ usage }: Machine) =>
  JSON.parse((await usage(['fleet', 'status', '--json'])).stdout).targets[0];

describe('codex-usage push', () => {
  it.each([
    [['push', '--watch', '--dry-run'], '--watch and --dry-run exclude each other'],
    [['push', '--spool', 'out', '--from', 'out'], '--spool and --from exclude each other'],
    [['push', '--idle', '5s'], '--idle says when --watch ends'],
    [['push', '--wait', '5'], 'Use a duration such as 500ms, 20s or 5m.'],
    [['push', 'home'], 'There is no target "home": set are work.'],
    [['fleet', 'remove'], 'Say which target'],
    [['fleet', 'remove', 'work'], 'The settings still name work'],
    [['fleet', 'status', 'home'], 'There is no target "home"'],
  ])('refuses %j, and says why', async (args, message) => {
    const machine = createMachine(NOWHERE);
    recordOne(machine);
    const { exitCode, stderr } = await machine.usage(args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says how a target is set where there is none', async () => {
    const machine = createMachine(NOWHERE);
    writeFileSync(machine.config, '');
    const { exitCode, stderr } = await machine.usage(['push']);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining(`[fleet.work] with url = "postgres://…" into ${machine.config}`),
    ]);
    expect((await machine.usage(['fleet', 'status'])).stdout).toBe('No target of the fleet is set (docs/fleet.md).\n');
  });

  it('prints every byte that it would send, and neither connects nor changes anything', async () => {
    const machine = createMachine(NOWHERE, 'user = "ada"\nlabels = { team = "core" }\n');
    recordOne(machine);
    const before = readFileSync(machine.database);
    const { exitCode, stdout } = await machine.usage(['push', '--dry-run'], { GITHUB_ACTIONS: '' });
    const [batch] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(exitCode).toBe(0);
    expect(batch).toMatchObject({
      ...{ v: 1, nonce: null, labels: { team: 'core' }, gone: [] },
      invocations: [
        { id: A, user: 'ada', project: 'shop', run: 'nightly-7', phase: 'builder', labels: { team: 'core' } },
      ],
      responses: [
        { invocation: A, user: 'ada', model: 'gpt-5.3-codex', input_tokens: 1000, cost_extent: 'whole', thread: null },
      ],
    });
    expect(stdout).not.toMatch(/home|codex_path|cwd|thread-1|r1"/);
    expect(readFileSync(machine.database).equals(before)).toBe(true);
  });

  it('says that a target is not reached, keeps what waits, and tells how long it has', async () => {
    const machine = createMachine(NOWHERE);
    recordOne(machine);
    const { exitCode, stderr } = await machine.usage(['push']);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^work is not reached: .*ECONNREFUSED.*2 changes wait, for the next push\.\n$/),
    ]);
    expect(stderr).not.toContain('pusher');
    expect(await waiting(machine)).toMatchObject({
      waiting: 2,
      isStuck: false,
      lastPush: null,
      lastError: expect.any(String),
    });
    machine.record(({ connection }) => connection.exec('UPDATE changes SET changed_at_ms = changed_at_ms - 3700000'));
    const status = await machine.usage(['fleet', 'status']);
    expect([status.exitCode, status.stdout]).toEqual([1, expect.stringMatching(/waits {7}2 changes, for 1h 0[12]m\n/)]);
    expect((await machine.usage(['doctor'])).stdout).toMatch(/! fleet +work: /);
  });

  it('says that a clock is wrong, and that a target is not set any more, which can be forgotten', async () => {
    const machine = createMachine(NOWHERE);
    recordOne(machine);
    await machine.usage(['push']);
    const skew = 'UPDATE push_targets SET clock_skew_ms = -172800000';
    machine.record(({ connection }) => connection.exec(skew));
    expect((await machine.usage(['fleet', 'status'])).stdout).toContain(
      'this machine is 48h 00m behind the target: set its clock',
    );
    writeFileSync(machine.config, '');
    expect((await machine.usage(['fleet', 'status'])).stdout).toContain(
      'not set any more: codex-usage fleet remove work',
    );
    expect(await machine.usage(['fleet', 'remove', 'work'])).toMatchObject({
      exitCode: 0,
      stdout: 'work: forgotten. What it has stays there.\n',
    });
    expect(await machine.usage(['fleet', 'remove', 'work'])).toMatchObject({ exitCode: 1 });
    machine.record(({ connection }) => {
      expect(connection.prepare('SELECT count(*) FROM changes').pluck().get()).toBe(0);
    });
  });

  it('goes on trying for as long as it may', async () => {
    const machine = createMachine(NOWHERE);
    recordOne(machine);
    const startedAt = Date.now();
    expect((await machine.usage(['push', '--wait', '1200ms'])).exitCode).toBe(1);
    const took = Date.now() - startedAt;
    expect([took > 400, took < 20_000]).toEqual([true, true]);
  });

  it.each([
    [
      'a password in the URL',
      'postgres://pusher:hunter2@db.example.com/usage',
      '',
      /holds a password, which is refused there: use password_file/,
    ],
    [
      'a server elsewhere without TLS',
      'postgres://pusher@db.example.com/usage?sslmode=disable',
      '',
      /sslmode=disable.*allow_insecure/,
    ],
    [
      'a password file that others may read',
      NOWHERE,
      'password_file = "secret"',
      /secret is not read: others than its owner may read it \(chmod 600\)/,
    ],
    [
      'a program of the password that fails',
      NOWHERE,
      'password_command = ["sh", "-c", "echo hunter2 >&2; exit 3"]',
      /password_command, sh, failed \(3\)/,
    ],
    [
      'a short key of hashed names',
      NOWHERE,
      'names = "hashed"\nnames_key_file = "secret"',
      /secret is not read: others/,
    ],
  ])('refuses %s, and shows no secret', async (_what, url, settings, message) => {
    const machine = createMachine(url, settings);
    writeFileSync(join(machine.config, '..', 'secret'), 'hunter2\n', { mode: 0o644 });
    recordOne(machine);
    const { exitCode, stdout, stderr } = await machine.usage(['push']);
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
    expect(stdout + stderr).not.toContain('hunter2');
    expect((await machine.usage(['config'])).stdout).not.toContain('hunter2');
  });
});

describe.skipIf(NO_POSTGRES !== undefined)('codex-usage push to a real PostgreSQL', () => {
  let server: PostgresServer;
  let fleet: Fleet;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  const open = async (settings = '') => {
    fleet = await createFleet(server);
    return createMachine(fleet.url, settings);
  };
  const read = () =>
    fleet.read(`SELECT r.input_tokens::int AS input, u.name AS usr, p.name AS project, invocation, evidence
      FROM responses r LEFT JOIN users u ON u.id = usr LEFT JOIN projects p ON p.id = project ORDER BY input_tokens`);

  it('sends what is recorded once, and then what has changed', async () => {
    const machine = await open('user = "ada"\n');
    recordOne(machine);
    expect(await machine.usage(['push'])).toMatchObject({
      exitCode: 0,
      stdout: 'work: sent 1 response and 1 invocation.\n',
    });
    expect(await read()).toEqual([
      { input: 1000, usr: 'ada', project: 'shop', invocation: A, evidence: 'usage_record' },
    ]);
    expect((await machine.usage(['push'])).stdout).toBe('work: nothing to send.\n');
    recordOne(machine, A, 'r2', { usage: { input: 2000 } });
    expect((await machine.usage(['push', '--json'])).stdout).toContain('"responses": 1');
    expect((await read()).map(({ input }) => input)).toEqual([1000, 2000]);
    expect(await waiting(machine)).toMatchObject({ waiting: 0, lastError: null, lastPush: expect.any(String) });
    expect(Math.abs((await waiting(machine)).clockSkewMs)).toBeLessThan(5000);
  });

  it('watches until nothing has changed for a while, one process at a time, and sends what changes meanwhile', async () => {
    const machine = await open();
    recordOne(machine);
    const watching = machine.usage(['push', '--watch', '--idle', '2s']);
    await expect.poll(() => existsSync(`${machine.database}-watch`)).toBe(true);
    const second = await machine.usage(['push', '--watch', '--idle', '2s']);
    expect(second.stderr).toBe('Another codex-usage push --watch of this database is at work.\n');
    await expect.poll(read).toHaveLength(1);
    machine.record((store) =>
      store.record({ invocation: { id: A }, update: { status: 'completed', endedAtMs: 5, exitCode: 0 } }),
    );
    expect(await watching).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('sent 1 response and 1 invocation'),
    });
    expect(await fleet.read('SELECT status FROM invocations')).toEqual([{ status: 'completed' }]);
    expect(existsSync(`${machine.database}-watch`)).toBe(false);
  });

  it('takes back a stand-in that a session file has replaced', async () => {
    const machine = await open();
    recordOne(machine, A, 'otel:1', { threadId: `invocation:${A}`, evidence: 'otel', source: 'actual' });
    await machine.usage(['push']);
    machine.record((store) =>
      store.record({ invocation: { id: A }, responses: [sampleResponse('r1', { usage: { input: 7 } })] }),
    );
    await machine.usage(['push']);
    expect(await read()).toMatchObject([{ input: 7, evidence: 'usage_record' }]);
  });

  it('counts a copied database once, and what it records from then on as another store', async () => {
    const machine = await open();
    recordOne(machine);
    await machine.usage(['push']);
    const copy = createMachine(fleet.url);
    writeFileSync(copy.database, readFileSync(machine.database));
    for (const suffix of ['-wal']) {
      if (existsSync(machine.database + suffix))
        writeFileSync(copy.database + suffix, readFileSync(machine.database + suffix));
    }
    recordOne(machine, A, 'r2', { usage: { input: 2 } });
    await machine.usage(['push']);
    recordOne(machine, A, 'r3', { usage: { input: 3 } });
    await machine.usage(['push']);
    recordOne(copy, B, 'r4', { usage: { input: 4 }, threadId: 'other' });
    expect(await copy.usage(['push'])).toMatchObject({ exitCode: 0 });
    expect((await read()).map(({ input }) => input)).toEqual([2, 3, 4, 1000]);
    expect(await fleet.read('SELECT count(*)::int AS n FROM stores')).toEqual([{ n: 2 }]);
  });

  it('sets aside the one row that is refused, sends the others, and names it', async () => {
    const machine = await open();
    await fleet.admin.query('ALTER TABLE responses ADD CONSTRAINT no_sevens CHECK (input_tokens <> 777)');
    machine.record((store) => {
      const responses = Array.from({ length: 25 }, (_, n) =>
        sampleResponse(`r${n}`, { usage: { input: n === 9 ? 777 : n } }),
      );
      store.record({ invocation: sampleInvocation(A), responses });
    });
    const { exitCode, stdout } = await machine.usage(['push']);
    expect([exitCode, stdout]).toEqual([
      0,
      'work: sent 24 responses and 1 invocation. 1 row refused: codex-usage fleet status.\n',
    ]);
    expect(await waiting(machine)).toMatchObject({
      waiting: 0,
      setAside: [{ kind: 'response', reason: expect.stringMatching(/^23514, no_sevens/) }],
    });
    const doctor = await machine.usage(['doctor']);
    expect([doctor.exitCode, doctor.stdout]).toEqual([1, expect.stringMatching(/1 row that the target refuses/)]);
    await fleet.admin.query('ALTER TABLE responses DROP CONSTRAINT no_sevens');
    await machine.usage(['push', '--full']);
    expect((await waiting(machine)).setAside).toEqual([]);
    expect(await read()).toHaveLength(25);
  });

  it('stops where nearly every row is refused, and sets no more aside', async () => {
    const machine = await open();
    await fleet.admin.query('ALTER TABLE responses ADD CONSTRAINT nothing CHECK (input_tokens < 0)');
    machine.record((store) => {
      store.record({
        invocation: sampleInvocation(A),
        responses: Array.from({ length: 60 }, (_, n) => sampleResponse(`r${n}`)),
      });
    });
    const { exitCode, stderr } = await machine.usage(['push']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('The target refuses many rows')]);
    expect((await waiting(machine)).waiting).toBe(61);
  });

  it.each([
    ['plain', '', 'ada', 'shop'],
    [
      'hashed',
      'names = "hashed"\nnames_key_file = "key"\n',
      expect.stringMatching(/^[0-9a-f]{16}$/),
      expect.stringMatching(/^[0-9a-f]{16}$/),
    ],
    ['none', 'names = "none"\n', 'unknown', 'default'],
  ])('sends names as %s', async (_mode, settings, usr, project) => {
    const machine = await open(`user = "ada"\n${settings}`);
    writeFileSync(join(machine.config, '..', 'key'), 'the key of all of the team\n', { mode: 0o600 });
    recordOne(machine);
    expect(await machine.usage(['push'])).toMatchObject({ exitCode: 0 });
    expect(await read()).toMatchObject([{ usr, project }]);
  });

  it('sends the projects that are asked for, and all again once that changes', async () => {
    const machine = await open('except = ["shop"]\n');
    recordOne(machine);
    machine.record((store) => {
      const infra = sampleInvocation(B, { attribution: { projectId: 'infra' } });
      store.record({ invocation: infra, responses: [sampleResponse('i1', { threadId: 'i', usage: { input: 5 } })] });
    });
    await machine.usage(['push']);
    expect(await read()).toMatchObject([{ project: 'infra' }]);
    writeFileSync(machine.config, `[fleet.work]\nurl = "${fleet.url}"\n`);
    await machine.usage(['push']);
    expect((await read()).map(({ project }) => project)).toEqual(['infra', 'shop']);
  });

  it('writes batches into a folder where there is no network, and sends them where there is one', async () => {
    const machine = await open();
    recordOne(machine);
    const out = join(machine.folder, 'out');
    const { url } = fleet;
    writeFileSync(machine.config, `[fleet.work]\nurl = "${NOWHERE}"\n`);
    expect((await machine.usage(['push', '--spool', out])).stdout).toBe(
      `work: written to ${out}: 1 response and 1 invocation.\n`,
    );
    const elsewhere = createMachine(url);
    expect(await elsewhere.usage(['push', '--from', join(out, 'typo')])).toMatchObject({
      exitCode: 1,
      stderr: `There is nothing to send in ${join(out, 'typo')}.\n`,
    });
    recordOne(machine, A, 'r2');
    expect((await machine.usage(['push', '--spool', out])).stdout).toContain('1 response and');
    expect(readdirSync(out)).toHaveLength(2);
    const sent = await elsewhere.usage(['push', '--from', out]);
    expect(sent).toMatchObject({
      exitCode: 0,
      stdout: `work: sent what lay in ${out}, with 2 responses and 1 invocation.\n`,
    });
    expect(readdirSync(out)).toEqual([]);
    expect(await read()).toHaveLength(2);
    expect((await machine.usage(['push'])).stdout).toBe('work: nothing to send.\n');
  });

  it('counts once the batches of a folder that are sent three times, and has one more machine for one that the fleet does not expect', async () => {
    const machine = await open();
    recordOne(machine);
    const [out, copy] = [join(machine.folder, 'out'), join(machine.folder, 'copy')];
    await machine.usage(['push', '--spool', out]);
    recordOne(machine, A, 'r2');
    await machine.usage(['push', '--spool', out]);
    cpSync(out, copy, { recursive: true });
    await machine.usage(['push', '--from', out]);
    for (let times = 0; times < 2; times++) {
      cpSync(copy, out, { recursive: true });
      expect(await machine.usage(['push', '--from', out])).toMatchObject({ exitCode: 0 });
    }
    expect(await read()).toHaveLength(2);
    expect(await fleet.read('SELECT count(*)::int AS n FROM stores')).toEqual([{ n: 2 }]);
  });
});
