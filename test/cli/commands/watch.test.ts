import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished } from 'vitest';
import { formatCost, formatRounded } from '../../../src/report/amounts.js';
import { keepPending } from '../../../src/store/pending.js';
import { recordedIn } from '../../harness/codex-usage.js';
import { openSheet, type Sheet } from '../../harness/terminal.js';
import { test } from '../../harness/test.js';
import { createGate, waitFor } from '../../harness/wait.js';
import { USAGE, type Workbench } from '../../harness/workbench.js';
import { sumLedger } from '../../scripted-api/ledger.js';
import { limitHeaders } from '../../scripted-api/limits.js';
import { sampleInvocation, sampleResponse } from '../../store/samples.js';

const PATIENCE_MS = 60_000;
const CRASHING = fileURLToPath(new URL('crashing-screen.ts', import.meta.url));

const ALIVE = { meterPid: process.pid, codexPid: process.pid };
const NOW = { ...ALIVE, startedAtMs: Date.now() };

/** Two invocations that run and one that has ended. */
function createDatabase(processes = ALIVE): string {
  const nowMs = Date.now();
  const at = (ageMs: number) => ({ ...processes, startedAtMs: nowMs - ageMs });
  const cost = (costNanoUsd: number) => ({ completedAtMs: nowMs, costNanoUsd });
  const reviewer = { attribution: { phase: 'reviewer' as const } };
  const old = { attribution: { projectId: '宝くじ', runId: 'old' } };
  const tags = [{ key: 'branch', value: 'main', origin: 'git' }] as const;
  return recordedIn([
    { invocation: sampleInvocation('a', { ...at(9000), tags }), responses: [sampleResponse('1', cost(3e9))] },
    {
      invocation: sampleInvocation('b', { ...at(8000), ...reviewer }),
      responses: [sampleResponse('2', { ...cost(1e9), usage: { input: 90_000 } })],
    },
    {
      invocation: sampleInvocation('c', { ...at(20_000), ...old }),
      responses: [sampleResponse('3', cost(5e9))],
      update: { status: 'failed', exitCode: 1, endedAtMs: nowMs },
    },
  ]);
}

/** Two invocations that run in a process, which can be killed. */
function createVictim() {
  const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
  onTestFinished(() => void victim.kill('SIGKILL'));
  const pid = victim.pid ?? 0;
  return { victim, database: createDatabase({ meterPid: pid, codexPid: pid }) };
}

function watch(database: string, options: { columns?: number; rows?: number; args?: string[] } = {}): Sheet {
  const { args = [], ...size } = options;
  const sheet = openSheet([USAGE, 'watch', '--interval', '0.1', ...args], {
    cwd: dirname(dirname(database)),
    env: { ...process.env, CODEX_METERED_DB: database, CODEX_METERED_STATE_DIR: dirname(database) },
    ...size,
  });
  onTestFinished(async () => {
    sheet.kill('SIGKILL');
    await sheet.ended;
  });
  return sheet;
}

const until = (sheet: Sheet, what: string | RegExp) =>
  waitFor(
    `${what} on the screen`,
    () => sheet.lines().some((line) => (typeof what === 'string' ? line.includes(what) : what.test(line))),
    PATIENCE_MS,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${sheet.lines().join('\n')}`);
  });
const until1049 = (sheet: Sheet) => waitFor('the shell’s screen', () => sheet.buffer() === 'normal', PATIENCE_MS);
const order = (sheet: Sheet) => sheet.lines().flatMap((line) => /builder \d+|reviewer \d+/.exec(line)?.[0] ?? []);

/** A loop of two responses, the second of which comes when the test lets it. */
function scriptLoop(bench: Workbench): () => void {
  const gate = createGate();
  const windows = { primary: { usedPercent: 38, windowMinutes: 300, resetsAt: Math.round(Date.now() / 1000) + 9000 } };
  bench.api.add({
    prompt: 'loop',
    replies: [
      {
        calls: [{ tool: 'exec_command', cmd: 'echo one' }],
        usage: { input: 51_000, cached: 1000, output: 700, reasoning: 11 },
        headers: limitHeaders(windows),
      },
      { message: 'Done.', usage: { input: 54_000, cached: 49_920, output: 610 }, until: gate.opened },
    ],
  });
  return gate.open;
}

describe('codex-usage watch on a terminal', () => {
  test('shows a real Codex while it works and when it has ended, with the figures of the ledger', async ({ bench }) => {
    const release = scriptLoop(bench);
    const sheet = watch(bench.database, { columns: 180 });
    await until(sheet, 'Nothing has been metered yet');
    const running = bench.start(['exec', '--json', 'loop'], {
      meter: ['--meter-run-id', 'nightly-7', '--meter-budget-usd', '1'],
    });
    await until(sheet, /running +shop +nightly-7 +other 1 .* 51k/);
    await until(sheet, /5h .*62% left, resets/);
    await until(sheet, '20%');
    await until(sheet, /█░░░░ +\d+% of \$1\.00/);
    release();
    const { ledger } = await running.ended;
    await until(sheet, 'completed');
    const billed = sumLedger(ledger);
    const { totals } = JSON.parse(
      (await execa('node', [USAGE, 'run', 'nightly-7', '--json'], { env: bench.env as Record<string, string> })).stdout,
    );
    const row = sheet.lines().find((line) => line.includes('completed')) ?? '';
    expect(row.split(/ {2,}/).slice(4, 9)).toEqual([
      'gpt-5.3-codex',
      formatRounded(billed.input),
      formatRounded(billed.cached),
      formatRounded(billed.output),
      formatCost(totals.costNanoUsd),
    ]);
    expect(row).toContain('21%');
  });

  test('sorts by its keys, runs first, and leaves at q with the screen as it was', async () => {
    const sheet = watch(createDatabase());
    await until(sheet, 'q quit');
    expect(order(sheet)).toEqual(['reviewer 1', 'builder 1', 'builder 1']);
    expect(sheet.buffer()).toBe('alternate');
    sheet.type('c');
    await until(sheet, 'cost↓');
    expect(order(sheet)).toEqual(['builder 1', 'reviewer 1', 'builder 1']);
    sheet.type('c');
    await until(sheet, 'cost↑');
    expect(order(sheet)).toEqual(['reviewer 1', 'builder 1', 'builder 1']);
    sheet.type('t');
    await until(sheet, 'tokens↓');
    expect(order(sheet)).toEqual(['reviewer 1', 'builder 1', 'builder 1']);
    sheet.type('q');
    expect(await sheet.ended).toEqual({ exitCode: 0, signal: undefined });
    await until1049(sheet);
    expect(sheet.written()).toContain('\u001b[?25h');
  });

  test('fits another size as soon as it has it', async () => {
    const sheet = watch(createDatabase(), { columns: 120, rows: 20 });
    await until(sheet, 'Project');
    sheet.resize(40, 20);
    await until(sheet, 'nightly-7 reviewer 1');
    await until(sheet, '宝くじ');
    expect(sheet.lines().join('\n')).not.toContain('Phase');
    sheet.resize(40, 8);
    await until(sheet, '… and 2 more');
    expect(sheet.lines()[7]).toContain('q quit');
  });

  test.for([
    ['SIGINT', (sheet: Sheet) => sheet.type('\u0003'), 2],
    ['SIGTERM', (sheet: Sheet) => sheet.kill('SIGTERM'), 15],
    ['SIGHUP', (sheet: Sheet) => sheet.kill('SIGHUP'), 1],
  ] as const)('gives the terminal back and ends by %s', async ([_name, send, signal]) => {
    const sheet = watch(createDatabase());
    await until(sheet, 'q quit');
    send(sheet);
    expect((await sheet.ended).signal).toBe(signal);
    await until1049(sheet);
    expect(sheet.written()).toContain('\u001b[?25h');
  });

  test('gives the terminal back when it breaks, and shows why', async () => {
    const sheet = openSheet(['--import', 'tsx', CRASHING], { cwd: process.cwd(), env: process.env });
    await until(sheet, 'drawn');
    sheet.type('x');
    expect((await sheet.ended).exitCode).not.toBe(0);
    await until1049(sheet);
    await until(sheet, 'the view broke');
  });

  test('shows a run as killed once its processes are', async () => {
    const { victim, database } = createVictim();
    const sheet = watch(database);
    await until(sheet, '2 invocations running');
    victim.kill('SIGKILL');
    await until(sheet, /^killed .*builder/);
  });

  test('shows a run as it ended, and not as killed, where the end of its record is kept aside', async () => {
    const { victim, database } = createVictim();
    const sheet = watch(database);
    await until(sheet, '2 invocations running');
    const places = { pendingDirectory: join(dirname(database), 'pending'), spareDirectory: '/nowhere' };
    for (const id of ['a', 'b']) {
      const update = { status: 'completed', exitCode: 0, endedAtMs: Date.now() } as const;
      keepPending(places, { invocation: sampleInvocation(id), update });
    }
    victim.kill('SIGKILL');
    await until(sheet, /^completed .*builder/);
    await until(sheet, /^completed .*reviewer/);
    expect(sheet.written()).not.toContain('killed');
  });

  test('says that nothing is recorded of a project yet, and shows it once there is', async () => {
    const database = createDatabase();
    const sheet = watch(database, { args: ['--project', 'new'] });
    await until(sheet, 'Nothing is recorded of project new yet.');
    recordedIn([{ invocation: sampleInvocation('z', { ...NOW, attribution: { projectId: 'new' } }) }], database);
    await until(sheet, /running +new/);
    expect(sheet.lines().join('\n')).not.toContain('yet.');
  });

  test('keeps the last cell of a line that is as wide as the terminal', async () => {
    const sheet = watch(createDatabase(), { columns: 90 });
    await until(sheet, 'q quit');
    const [first = ''] = sheet.lines();
    expect(first).toMatch(/\/h$/);
    expect(first).toHaveLength(90);
  });

  test('goes on with a database that was deleted and made anew', async () => {
    const database = createDatabase();
    const sheet = watch(database);
    await until(sheet, 'nightly-7');
    for (const end of ['', '-wal', '-shm']) rmSync(database + end, { force: true });
    await until(sheet, 'Nothing has been metered yet');
    recordedIn([{ invocation: sampleInvocation('z', { ...NOW, cwd: '/new' }) }], database);
    await until(sheet, /running +shop/);
  });

  test('has no colours under NO_COLOR', async () => {
    const database = createDatabase();
    const sheet = watch(database, { args: ['--no-color'] });
    await until(sheet, 'q quit');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    expect(sheet.written()).not.toMatch(/\u001b\[\d+m/);
  });
});

describe('codex-usage watch in a pipe', () => {
  /** Watches while a loop is played. Returns the lines it printed, and what the API reported. */
  async function watchLoop(bench: Workbench, args: string[], isFirst: RegExp, isLast: RegExp) {
    const release = scriptLoop(bench);
    const env = bench.env as Record<string, string>;
    const child = execa('node', [USAGE, 'watch', '--interval', '0.1', ...args], { env });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.catch(() => undefined);
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    const running = bench.start(['exec', '--json', 'loop']);
    await waitFor('the first response', () => isFirst.test(printed), PATIENCE_MS);
    release();
    const { ledger } = await running.ended;
    await waitFor('the end', () => isLast.test(printed), PATIENCE_MS);
    return { lines: printed.trimEnd().split('\n'), billed: sumLedger(ledger) };
  }

  test('prints a line per change', async ({ bench }) => {
    const { lines } = await watchLoop(bench, [], /51k in \(1k cached\), 700 out/, /completed.*\n/);
    expect(lines).toContainEqual(expect.stringMatching(/^\d\d:\d\d:\d\d limit 5h: 62% left, resets /));
    expect(lines.at(-1)).toMatch(
      / shop .* other 1: completed, gpt-5.3-codex, 105k in \(50.9k cached\), 1.31k out, \$0\.\d+, context 21%$/,
    );
    expect(lines.join('')).not.toContain('\u001b');
  });

  test('prints an object per change with --json, the last of them with the sums of the ledger', async ({ bench }) => {
    const { lines, billed } = await watchLoop(bench, ['--json'], /"inputTokens":51000\b/, /"state":"ended".*\n/);
    const changes = lines.map((line) => JSON.parse(line));
    expect(changes.find(({ state }) => state === 'ended')).toMatchObject({
      ...{ schemaVersion: 1, kind: 'invocation', projectId: 'shop', status: 'completed', source: 'actual' },
      ...{ inputTokens: billed.input, cachedInputTokens: billed.cached, outputTokens: billed.output },
      ...{ contextTokens: 54_610, contextWindowTokens: 258_400, budget: null },
    });
    expect(changes).toContainEqual(expect.objectContaining({ kind: 'rate-limit', window: '5h', leftPercent: 62 }));
  });

  test('gives one look with --once, or says that there is nothing to look at', async () => {
    const database = createDatabase();
    const look = (path: string, ...args: string[]) =>
      execa('node', [USAGE, 'watch', '--once', ...args], {
        env: { CODEX_METERED_DB: path, CODEX_METERED_STATE_DIR: dirname(path) },
        reject: false,
      });
    const text = await look(database, '--project', 'shop');
    expect(text.stdout).toMatch(/^2 invocations running +today /);
    expect(text.stdout).not.toContain('宝くじ');
    expect((await look(database, '--json')).stdout.split('\n')).toHaveLength(3);
    expect((await look(database, '--branch', 'main')).stdout).toMatch(/^1 invocation running +today \$3\.00/);
    expect(await look(database, '--project', 'nope')).toMatchObject({
      ...{ exitCode: 1, stdout: '', stderr: 'Nothing is recorded of project nope yet.' },
    });
    const nothing = await look(`${database}-none`);
    expect([nothing.exitCode, nothing.stdout]).toEqual([1, '']);
    expect(nothing.stderr).toContain('Nothing has been metered yet');
    expect((await look(database, '--interval', '0')).exitCode).toBe(2);
  });
});
