import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { type Collector, listPoints, type Received, startCollector, toAttributes } from '../harness/otlp-collector.js';
import { openWorkbench } from '../harness/workbench.js';
import { sampleInvocation, sampleResponse } from '../store/samples.js';
import { endPushes } from './fleet.js';
import { createMachine, type Machine } from './machine.js';

const USAGE = fileURLToPath(new URL('../../bin/codex-usage.js', import.meta.url));
const INPUT = 'gen_ai.client.inference.usage.input_tokens';
const SECRET = 'c2VjcmV0LXRva2Vu';
/** What the sessions of whoever runs the tests and their collector are set by. */
const NOT_OURS = /^(OTEL_|CODEX_|CLAUDE_|GEMINI_)/;

/** Runs `codex-usage` as a process: the exporter reads the process's environment. */
function start({ folder, database }: Machine, args: string[], env: Record<string, string> = {}) {
  const around = Object.entries(process.env).filter(([name]) => !NOT_OURS.test(name));
  const own = { CODEX_METERED_DB: database, XDG_CONFIG_HOME: join(folder, 'config'), HOME: folder };
  const running = execa(process.execPath, [USAGE, ...args], {
    env: { ...Object.fromEntries(around), ...own, CODEX_METERED_STATE_DIR: join(folder, 'state'), ...env },
    ...{ extendEnv: false, reject: false, stdin: 'ignore', all: true, cwd: folder },
  });
  onTestFinished(() => void running.kill('SIGKILL'));
  return running;
}

async function open(settings = ''): Promise<{ collector: Collector; machine: Machine }> {
  const collector = await startCollector();
  const machine = createMachine(collector.url, settings);
  record(machine, 'r1');
  return { collector, machine };
}

function record({ record: write }: Machine, ...keys: string[]): void {
  write((store) =>
    store.record({ invocation: sampleInvocation('a'), responses: keys.map((key) => sampleResponse(key)) }),
  );
}

const inputOf = (collector: Collector) =>
  listPoints(collector.accepted.slice(-1)).flatMap(({ name, value }) => (name === INPUT ? [value] : []));

const logsOf = ({ accepted }: Collector) =>
  accepted.flatMap(({ body }) => body.resourceLogs?.[0].scopeLogs[0].logRecords ?? []);

const readStatus = async ({ usage }: Machine) =>
  JSON.parse((await usage(['fleet', 'status', '--json'])).stdout).targets[0];

it('sends the sums of the record, with user and labels, each time that there is a push', async () => {
  const { collector, machine } = await open('user = "ada"\nlabels = { team = "core" }\n');
  const { exitCode, all } = await start(machine, ['push']);
  expect([exitCode, all]).toEqual([0, expect.stringMatching(/^work: sent \d+ points\.$/)]);
  expect(inputOf(collector)).toEqual([1000]);
  const [{ resource }] = (collector.accepted[0] as Received).body.resourceMetrics;
  expect(toAttributes(resource.attributes)).toMatchObject({ 'user.name': 'ada', team: 'core' });
  record(machine, 'r2');
  expect(await readStatus(machine)).toMatchObject({
    waiting: 1,
    lastPush: expect.any(String),
    url: `${collector.url}/`,
  });
  const { targets } = JSON.parse((await start(machine, ['push', '--json'])).stdout);
  expect(targets).toMatchObject([
    { outcome: 'sent', waiting: 0, points: expect.any(Number), logRecords: 0, rejected: 0 },
  ]);
  expect(inputOf(collector)).toEqual([2000]);
  expect(logsOf(collector)).toEqual([]);
});

it('sends each response with logs = true, what has changed again, and with --full all of them', async () => {
  const { collector, machine } = await open('logs = true\n');
  expect((await start(machine, ['push'])).all).toMatch(/points and 1 log record\.$/);
  record(machine, 'r2');
  await start(machine, ['push']);
  expect(logsOf(collector)).toHaveLength(2);
  expect((await start(machine, ['push', '--full'])).all).toMatch(/points and 2 log records\.$/);
  expect(await readStatus(machine)).toMatchObject({ waiting: 0 });
});

it('shows what it would send, and sends, records and connects to nothing', async () => {
  const { collector, machine } = await open('logs = true\nuser = "ada"\n');
  const { exitCode, stdout } = await start(machine, ['push', '--dry-run']);
  const lines = stdout.split('\n').map((line) => JSON.parse(line));
  expect(exitCode).toBe(0);
  expect(lines[0]).toMatchObject({ resource: { 'service.name': 'codex-metered', 'user.name': 'ada' } });
  expect(lines.find(({ metric }) => metric === INPUT)).toMatchObject({ value: 1000, unit: '{token}' });
  expect(lines.filter(({ log }) => log !== undefined)).toMatchObject([
    { attributes: { 'gen_ai.usage.input_tokens': 1000 } },
  ]);
  expect(collector.received).toEqual([]);
  machine.record(({ connection }) => {
    for (const table of ['exported_counters', 'push_targets', 'changes']) {
      expect(connection.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(0);
    }
  });
});

it('says why nothing was sent, shows no secret, and sends it with the next push or within --wait', async () => {
  const { collector, machine } = await open();
  const env = { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Basic%20${SECRET}` };
  collector.behave({ status: 401 });
  const refused = await start(machine, ['push'], env);
  expect([refused.exitCode, refused.all]).toEqual([
    1,
    'work: it answered with 401: it wants credentials, which OTEL_EXPORTER_OTLP_HEADERS has.',
  ]);
  expect(collector.received[0]?.headers.authorization).toBe(`Basic ${SECRET}`);
  const status = await start(machine, ['fleet', 'status'], env);
  expect(status.all).toContain('it answered with 401');
  expect(status.all).not.toContain(SECRET);
  const waiting = start(machine, ['push', '--wait', '30s'], env);
  await expect.poll(() => collector.received.length).toBe(2);
  collector.behave('accept');
  expect(await waiting).toMatchObject({ exitCode: 0 });
  expect(await readStatus(machine)).toMatchObject({ lastError: null, waiting: 0 });
});

it('is sent what changes while --watch goes on, beside a target that cannot be reached', async () => {
  const { collector, machine } = await open();
  writeFileSync(machine.config, '[fleet.gone]\nurl = "postgres://pusher@127.0.0.1:1/usage"\n', { flag: 'a' });
  const watching = start(machine, ['push', '--watch']);
  await expect.poll(() => inputOf(collector), { timeout: 30_000 }).toEqual([1000]);
  record(machine, 'r2');
  await expect.poll(() => inputOf(collector), { timeout: 30_000 }).toEqual([2000]);
  watching.kill('SIGTERM');
  expect(await watching).toMatchObject({ exitCode: 0 });
});

it('is sent what real Codex has used, by the push beside its run', async () => {
  const collector = await startCollector();
  const usage = { input: 4321, cached: 21, output: 9 };
  const bench = await openWorkbench({ prompt: 'Build.', replies: [{ message: 'Built.', usage }] });
  onTestFinished(async () => {
    await endPushes(bench.folder);
    await bench.close();
  });
  const env = { CODEX_METERED_FLEET_URL: collector.url, CODEX_METERED_FLEET_WAIT: '60s' };
  const { exitCode, ledger } = await bench.run(['exec', '--skip-git-repo-check', 'Build.'], { env });
  expect([exitCode, ledger.length]).toEqual([0, 1]);
  expect(inputOf(collector)).toEqual([4321]);
});

it.each([
  [['push', '--spool', 'out'], 1, 'work is an OTLP endpoint: --spool is for a PostgreSQL.'],
  [['pull'], 2, 'There is no PostgreSQL to pull from: work is an OTLP endpoint, which is only sent to.'],
  [['fleet', 'init'], 2, 'There is no PostgreSQL to ask: work is an OTLP endpoint'],
  [['fleet', 'lost', 'work'], 2, 'There is no PostgreSQL to ask: work is an OTLP endpoint'],
])('refuses %j, and says why', async (args, code, message) => {
  const { machine } = await open();
  const { exitCode, stderr } = await machine.usage(args);
  expect([exitCode, stderr]).toEqual([code, expect.stringContaining(message)]);
});

it.each([
  ['https://u:hush@otlp.example.com', '', 'fleet.work.url holds a user or a password, which is refused there'],
  ['https://otlp.example.com', 'names = "none"\n', 'fleet.work.names is for a PostgreSQL, and the url is none'],
  ['https://otlp.example.com', 'password_file = "x"\n', 'fleet.work.password_file is for a PostgreSQL'],
  ['postgres://pusher@db/usage', 'logs = true\n', 'fleet.work.logs is for an OTLP endpoint, and the url is none'],
  [
    'http://otlp.example.com?key=hush',
    '',
    'is another machine, and names of projects and headers would go there in plain text',
  ],
])('refuses %s with %j, and shows no secret', async (url, settings, message) => {
  const machine = createMachine(url, settings);
  record(machine, 'r1');
  const { exitCode, stdout, stderr } = await machine.usage(['push']);
  expect([exitCode, stderr]).toEqual([expect.any(Number), expect.stringContaining(message)]);
  expect(exitCode).toBeGreaterThan(0);
  const { stdout: config } = await machine.usage(['config']);
  expect(stdout + stderr + config).not.toContain('hush');
});
