import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { completedRecord, otelBody, startLogCollector } from '../harness/otel.js';
import { countResponses, expectSameCounts, query, readRecord, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import { LOOP, SCRIPT } from '../scripted-api/scenarios.js';
import { answer, shell, turn } from '../scripted-api/script.js';
import { startWebsocketGateway } from '../scripted-api/websocket.js';

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(LOOP, ...SCRIPT));

const LOOPING = ['exec', '--json', '--ephemeral', 'loop'];

function expectAllCounted(bench: Workbench, run: Ended, responses?: number): void {
  expect(expectSameCounts(bench, run, responses).notes).toEqual([]);
}

/** Runs a loop of three responses, of which the second reports an odd usage. */
async function runWithOdd(bench: Workbench, usage: { input: number; cached: number; output: number } | null) {
  const first = shell('echo one', { input: 900, cached: 3, output: 5 });
  const last = answer('All done.', { input: 1100, output: 6 });
  bench.api.add(turn('loop', first, shell('echo two', usage), last));
  const { responses, notes } = recordOf(bench, await bench.run(LOOPING));
  expect(responses).toMatchObject([
    { source: 'actual', evidence: 'otel', input: 900, cached: 3, output: 5 },
    { source: 'actual', evidence: 'otel', input: 1100, output: 6 },
  ]);
  return notes;
}

describe('a run that keeps no session file equals the ledger of the API', () => {
  test.for([
    ['one turn', ['exec', '--json', '--ephemeral', 'greet']],
    ['cache writes', ['exec', '--json', '--ephemeral', 'remember']],
    ['a tool loop', LOOPING],
    ['a tool loop in human mode', ['exec', '--ephemeral', 'loop']],
    ['a review', ['exec', 'review', '--json', '--ephemeral', '--uncommitted']],
    ['sub-agents', ['exec', '--json', '--ephemeral', 'delegate']],
    ['a command that was reviewed', ['exec', '--json', '--ephemeral', '--approve-for-me', 'escalate']],
  ] as const)('after %s', async ([, args], { bench }) => {
    const run = await bench.run(args);
    expect(run.exitCode).toBe(0);
    expectAllCounted(bench, run);
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when it continues a thread that has one', async ({ bench }) => {
    await bench.run(['exec', '--json', 'loop']);
    expectAllCounted(bench, await bench.run(['exec', 'resume', '--last', '--json', '--ephemeral', 'loop']), 2);
  });

  test('when it is ended by SIGTERM, right after its last response', async ({ bench }) => {
    const started = join(bench.workTree, 'started');
    bench.api.add(
      turn(
        'endless',
        shell('echo one', { input: 4100, cached: 77, output: 52 }),
        shell(`touch ${started}; sleep 30`, { input: 4300, output: 12 }),
      ),
    );
    const running = bench.start(['exec', '--json', '--ephemeral', '-s', 'danger-full-access', 'endless']);
    await waitFor('the command of the second response', () => existsSync(started));
    running.kill('SIGTERM');
    expectAllCounted(bench, await running.ended, 2);
  });

  test('while it still runs, response by response', async ({ bench }) => {
    const gate = createGate();
    const [first, second] = LOOP.replies;
    bench.api.add(turn('loop', { ...first }, { ...second, until: gate.opened }));
    const running = bench.start(LOOPING);
    await waitFor('the first row', () => countResponses(bench) === 1);
    expect(readRecord(bench.database)).toMatchObject([{ status: 'running', responses: [{ input: 5000 }] }]);
    gate.open();
    expectAllCounted(bench, await running.ended);
  });

  test('over a websocket, whose prewarming request is no response', async ({ bench }) => {
    const gateway = await startWebsocketGateway(bench.api.url);
    const config = join(bench.codexHome, 'config.toml');
    const settings = readFileSync(config, 'utf8');
    writeFileSync(
      config,
      settings.replace(bench.api.url, gateway.url).replace('websockets = false', 'websockets = true'),
    );
    const run = await bench.run(['exec', '--json', '--ephemeral', 'greet']);
    await gateway.close();
    expect(gateway.prewarmed).toBe(1);
    expectAllCounted(bench, run, 1);
  });
});

describe.runIf(process.platform === 'linux')('another process', () => {
  test('finds the address of the collector in the arguments and not the secret, and its post changes nothing', async ({
    bench,
  }) => {
    const running = bench.start(['exec', '--json', '--ephemeral', 'endless']);
    await waitFor('the row', () => countResponses(bench) === 1);
    const [{ pid: codex } = {}] = query<{ pid: number }>(bench.database, 'SELECT codex_pid AS pid FROM invocations');
    const [args, env] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${codex}/${name}`, 'utf8'));
    const endpoint = /http:\/\/127\.0\.0\.1:\d+\/v1\/logs/.exec(args ?? '')?.[0] ?? '';
    const secret = /OTEL_EXPORTER_OTLP_HEADERS=x-codex-metered=([0-9a-f]{64})/.exec(env ?? '')?.[1] ?? '';
    expect(secret).not.toBe('');
    expect(args).not.toContain(secret);
    const body = otelBody(completedRecord('a-thread', { input: '1000000000', output: '1000000000' }));
    for (const headers of [{}, { 'x-codex-metered': secret.replaceAll(/./g, '0') }] as Record<string, string>[]) {
      expect((await fetch(endpoint, { method: 'POST', body, headers })).status).toBe(403);
    }
    running.kill('SIGTERM');
    const refused = { kind: 'unreadable', reason: 'telemetry was turned away: it did not come from this Codex' };
    const { notes } = expectSameCounts(bench, await running.ended);
    expect(notes).toEqual([{ ...refused, figures: JSON.stringify({ requests: 2 }) }]);
  });
});

test.for([-5, 2 ** 53])('a count of %s is noted as unreadable, its neighbours count', async (cached, { bench }) => {
  expect(await runWithOdd(bench, { input: 1000, cached, output: 5 })).toContainEqual({
    kind: 'unreadable',
    reason: 'lines of the telemetry could not be read: a count that cannot be',
    figures: JSON.stringify({ lines: 1 }),
  });
});

test('what some responses used is not known where a provider leaves usage out: that is noted', async ({ bench }) => {
  expect(await runWithOdd(bench, null)).toMatchObject([
    {
      ...{ kind: 'fallback', reason: expect.stringContaining('completed without usage') },
      figures: JSON.stringify({ responses: 1 }),
    },
  ]);
});

test("Codex's tools see the delay and the headers that the user has set", async ({ bench }) => {
  const names = ['OTEL_BLRP_SCHEDULE_DELAY', 'OTEL_EXPORTER_OTLP_HEADERS'];
  bench.api.add(turn('loop', shell(names.map((name) => `echo $${name}`).join('; ')), answer('Done.')));
  const env = { OTEL_BLRP_SCHEDULE_DELAY: '777', OTEL_EXPORTER_OTLP_HEADERS: 'team=7' };
  expectAllCounted(bench, await bench.run(LOOPING, { env }));
  expect(JSON.stringify(bench.api.requests[1]?.body)).toMatch(/777\\nteam=7,x-codex-metered=/);
  await bench.run(['exec', '--json', 'loop']);
  // A run that keeps a session file is started with the caller's environment.
  expect(JSON.stringify(bench.api.requests[3]?.body)).not.toContain('x-codex-metered');
});

describe('where the user has set up telemetry', () => {
  test.for<[string | undefined, string[]]>([
    ['codex-home/config.toml', []],
    ['codex-home/work.config.toml', ['-p', 'work']],
    [undefined, []],
  ])('in %s (or an argument), that is what Codex reports to', async ([file, args], { bench }) => {
    const { bodies, close, exporter } = await startLogCollector();
    if (file) {
      const path = join(bench.folder, file);
      writeFileSync(path, `${exporter}\n${existsSync(path) ? readFileSync(path, 'utf8') : ''}`);
    }
    const run = await bench.run([...args, ...(file ? [] : ['-c', exporter]), ...LOOPING]);
    await close();
    expect(bodies.join('')).toContain('input_token_count');
    expect(recordOf(bench, run).responses).toMatchObject([{ evidence: 'turn_completed', input: 10_900 }]);
  });

  async function runWithout(bench: Workbench, args: readonly string[], file = 'codex-home/config.toml') {
    const path = join(bench.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, '\n[otel]\nexporter = "none"\n');
    return recordOf(bench, await bench.run(args));
  }

  test.for(['codex-home/config.toml', 'shop/.codex/config.toml'])(
    'as none, in %s, it is left alone, and turn.completed counts, with a note',
    async (file, { bench }) => {
      const { responses, notes } = await runWithout(bench, [...LOOPING, '--model', 'gpt-5.3-codex'], file);
      const usage = { input: 10_900, cached: 5632, cacheWrite: 128, output: 103, reasoning: 11 };
      expect(responses).toMatchObject([{ evidence: 'turn_completed', source: 'actual', ...usage }]);
      expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no session file') }]);
    },
  );

  test('the human-readable footer is parsed, with a note', async ({ bench }) => {
    const { responses, costRecords, notes } = await runWithout(bench, ['exec', '--ephemeral', 'loop']);
    const blended = 10_900 - 5632 + 103;
    expect(responses).toMatchObject([{ evidence: 'text', source: 'parsed', input: blended, cached: 0, output: 0 }]);
    expect(costRecords).toMatchObject([{ model: 'gpt-5.3-codex', isActual: 0, source: 'parsed', input: blended }]);
    expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('leaves cached input out') }]);
  });
});
