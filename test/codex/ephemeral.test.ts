import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { completedRecord, otelBody } from '../harness/otel.js';
import { expectSameCounts, readRecord, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import { REVIEWED_COMMAND, spawnAgent, waitForSpawned } from '../scripted-api/agents.js';
import { LOOP } from '../scripted-api/scenarios.js';
import type { Scenario } from '../scripted-api/script.js';
import { startWebsocketGateway } from '../scripted-api/websocket.js';

const GREETING: Scenario = {
  prompt: 'greet',
  replies: [
    { reasoning: 'Short.', message: 'Hello.', usage: { input: 5200, cacheWrite: 64, output: 90, reasoning: 40 } },
  ],
};

const REVIEW: Scenario = {
  prompt: /review/i,
  replies: [
    {
      message:
        '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}',
      usage: { input: 3300, cached: 2900, output: 77, reasoning: 5 },
    },
  ],
};

const DELEGATE: readonly Scenario[] = [
  {
    prompt: 'delegate',
    replies: [
      {
        calls: spawnAgent('Count the shelves.'),
        usage: { input: 2000, output: 21 },
      },
      { calls: waitForSpawned, usage: { input: 2100, cached: 1900, output: 22 } },
      { message: 'Three.', usage: { input: 2200, output: 23 } },
    ],
  },
  { prompt: 'Count the shelves', replies: [{ message: 'Three.', usage: { input: 3000, cached: 64, output: 31 } }] },
  { prompt: 'subagent_notification', replies: [{ message: 'Three.', usage: { input: 2300, output: 24 } }] },
];

describe('a run that keeps no session file equals the ledger of the API', () => {
  test.for([
    ['one turn', ['exec', '--json', '--ephemeral', 'greet']],
    ['a tool loop', ['exec', '--json', '--ephemeral', 'loop']],
    ['a tool loop in human mode', ['exec', '--ephemeral', 'loop']],
    ['a review', ['exec', 'review', '--json', '--ephemeral', '--uncommitted']],
    ['sub-agents', ['exec', '--json', '--ephemeral', 'delegate']],
    ['a command that was reviewed', ['exec', '--json', '--ephemeral', '--approve-for-me', 'escalate']],
  ] as const)('after %s', async ([, args], { bench }) => {
    bench.api.add(...REVIEWED_COMMAND, GREETING, LOOP, REVIEW, ...DELEGATE);
    const run = await bench.run(args);
    expect(run.exitCode).toBe(0);
    expectAllCounted(bench, run);
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when it continues a thread that has one', async ({ bench }) => {
    bench.api.add(LOOP);
    await bench.run(['exec', '--json', 'loop']);
    const run = await bench.run(['exec', 'resume', '--last', '--json', '--ephemeral', 'loop']);
    expect(run.ledger).toHaveLength(2);
    expectAllCounted(bench, run);
  });

  test('when it is ended by SIGTERM, right after its last response', async ({ bench }) => {
    const started = join(bench.workTree, 'started');
    bench.api.add({
      prompt: 'endless',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 4100, cached: 77, output: 52 } },
        { calls: [{ tool: 'exec_command', cmd: `touch ${started}; sleep 30` }], usage: { input: 4300, output: 12 } },
      ],
    });
    const running = bench.start(['exec', '--json', '--ephemeral', '-s', 'danger-full-access', 'endless']);
    await waitFor('the command of the second response', () => existsSync(started));
    running.kill('SIGTERM');
    const run = await running.ended;
    expect(run.ledger).toHaveLength(2);
    expectAllCounted(bench, run);
  });

  test('while it still runs, response by response', async ({ bench }) => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const [first, second] = LOOP.replies;
    bench.api.add({ prompt: 'loop', replies: [{ ...first }, { ...second, until: asked }] });
    const running = bench.start(['exec', '--json', '--ephemeral', 'loop']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    await waitFor('the first row', () => readRecord(bench.database)[0]?.responses.length === 1);
    expect(readRecord(bench.database)).toMatchObject([{ status: 'running', responses: [{ input: 5000 }] }]);
    answer();
    expectAllCounted(bench, await running.ended);
  });

  test('over a websocket, whose prewarming request is no response', async ({ bench }) => {
    bench.api.add(GREETING);
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
    expect(run.ledger).toHaveLength(1);
    expectAllCounted(bench, run);
  });
});

describe.runIf(process.platform === 'linux')('another process', () => {
  test('finds the address of the collector in the arguments and not the secret, and its post changes nothing', async ({
    bench,
  }) => {
    bench.api.add({
      prompt: 'endless',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 4100, cached: 77, output: 52 } },
        { message: 'And so on', hang: true },
      ],
    });
    const running = bench.start(['exec', '--json', '--ephemeral', 'endless']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    await waitFor('the row', () => readRecord(bench.database)[0]?.responses.length === 1);
    const codex = readCodexPid(bench);
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

test.for([-5, 2 ** 53])(
  'a count of %s is noted as unreadable, and its neighbours are recorded',
  async (nonsense, { bench }) => {
    bench.api.add({
      prompt: 'loop',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 900, cached: 3, output: 5 } },
        { calls: [{ tool: 'exec_command', cmd: 'echo two' }], usage: { input: 1000, cached: nonsense, output: 5 } },
        { message: 'All done.', usage: { input: 1100, output: 6 } },
      ],
    });
    const run = await bench.run(['exec', '--json', '--ephemeral', 'loop']);
    const { responses, notes } = recordOf(bench, run);
    expect(responses.map(({ input, output }) => [input, output])).toEqual([
      [900, 5],
      [1100, 6],
    ]);
    expect(notes).toContainEqual({
      kind: 'unreadable',
      reason: 'lines of the telemetry could not be read: a count that cannot be',
      figures: JSON.stringify({ lines: 1 }),
    });
  },
);

test("Codex's tools see the delay and the headers that the user has set", async ({ bench }) => {
  const names = ['OTEL_BLRP_SCHEDULE_DELAY', 'OTEL_EXPORTER_OTLP_HEADERS'];
  bench.api.add({
    prompt: 'loop',
    replies: [
      { calls: [{ tool: 'exec_command', cmd: names.map((name) => `echo $${name}`).join('; ') }] },
      { message: 'Done.' },
    ],
  });
  const env = { OTEL_BLRP_SCHEDULE_DELAY: '777', OTEL_EXPORTER_OTLP_HEADERS: 'team=7' };
  expectAllCounted(bench, await bench.run(['exec', '--json', '--ephemeral', 'loop'], { env }));
  expect(JSON.stringify(bench.api.requests[1]?.body)).toMatch(/777\\nteam=7,x-codex-metered=/);
  await bench.run(['exec', '--json', 'loop']);
  // A run that keeps a session file is started with the caller's environment.
  expect(JSON.stringify(bench.api.requests[3]?.body)).not.toContain('x-codex-metered');
});

test('what some responses used is not known where a provider leaves usage out, and that is noted', async ({
  bench,
}) => {
  bench.api.add({
    prompt: 'loop',
    replies: [
      { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 900, cached: 3, output: 5 } },
      { calls: [{ tool: 'exec_command', cmd: 'echo two' }], usage: null },
      { message: 'All done.', usage: { input: 1100, output: 6 } },
    ],
  });
  const run = await bench.run(['exec', '--json', '--ephemeral', 'loop']);
  const { responses, notes } = recordOf(bench, run);
  expect(responses).toMatchObject([
    { source: 'actual', evidence: 'otel', input: 900, cached: 3, output: 5 },
    { source: 'actual', evidence: 'otel', input: 1100, output: 6 },
  ]);
  expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('completed without usage') }]);
  expect(JSON.parse(notes[0]?.figures ?? '{}')).toEqual({ responses: 1 });
});

describe('where the user has set up telemetry', () => {
  test.for([
    ['in the configuration', 'codex-home/config.toml', []],
    ['in a profile', 'codex-home/work.config.toml', ['-p', 'work']],
    ['in an argument', undefined, []],
  ] as const)('%s, that is what Codex reports to', async ([, file, args], { bench }) => {
    bench.api.add(LOOP);
    const collector = await startCollector();
    const exporter = `otel.exporter={otlp-http={endpoint="${collector.url}",protocol="json"}}`;
    if (file) {
      const path = join(bench.folder, file);
      writeFileSync(path, `${exporter}\n${existsSync(path) ? readFileSync(path, 'utf8') : ''}`);
    }
    const run = await bench.run([...args, ...(file ? [] : ['-c', exporter]), 'exec', '--json', '--ephemeral', 'loop']);
    await collector.close();
    expect(collector.bodies.join('')).toContain('input_token_count');
    expect(recordOf(bench, run).responses).toMatchObject([{ evidence: 'turn_completed', input: 10_900 }]);
  });

  test("in the project's configuration, nothing is added", async ({ bench }) => {
    bench.api.add(LOOP);
    mkdirSync(join(bench.workTree, '.codex'));
    writeFileSync(join(bench.workTree, '.codex', 'config.toml'), '[otel]\nexporter = "none"\n');
    const run = await bench.run(['exec', '--json', '--ephemeral', 'loop']);
    expect(recordOf(bench, run).responses).toMatchObject([{ evidence: 'turn_completed', input: 10_900 }]);
  });

  const useOwnExporter = (bench: Workbench) =>
    appendFileSync(join(bench.codexHome, 'config.toml'), '\n[otel]\nexporter = "none"\n');

  test('it is left alone, and turn.completed counts, with a note', async ({ bench }) => {
    useOwnExporter(bench);
    bench.api.add(LOOP);
    const run = await bench.run(['exec', '--json', '--ephemeral', '--model', 'gpt-5.3-codex', 'loop']);
    const { responses, notes } = recordOf(bench, run);
    expect(responses).toMatchObject([
      {
        evidence: 'turn_completed',
        source: 'actual',
        input: 10_900,
        cached: 5632,
        cacheWrite: 128,
        output: 103,
        reasoning: 11,
      },
    ]);
    expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no session file') }]);
  });

  test('the human-readable footer is parsed, with a note', async ({ bench }) => {
    useOwnExporter(bench);
    bench.api.add(LOOP);
    const run = await bench.run(['exec', '--ephemeral', 'loop']);
    const { responses, costRecords, notes } = recordOf(bench, run);
    const blended = 10_900 - 5632 + 103;
    expect(responses).toMatchObject([{ evidence: 'text', source: 'parsed', input: blended, cached: 0, output: 0 }]);
    expect(costRecords).toMatchObject([{ model: 'gpt-5.3-codex', isActual: 0, source: 'parsed', input: blended }]);
    expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('leaves cached input out') }]);
  });
});

function expectAllCounted(bench: Workbench, run: Ended): void {
  expect(expectSameCounts(bench, run).notes).toEqual([]);
}

function readCodexPid({ database }: Workbench): number {
  const connection = openDatabase(database, { readonly: true });
  const row = connection.prepare('SELECT codex_pid AS pid FROM invocations').get() as { pid: number };
  connection.close();
  return row.pid;
}

/** A log collector of the user's own. */
async function startCollector() {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    bodies,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
