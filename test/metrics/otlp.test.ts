import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../src/store/store.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { toResponseId } from '../../src/usage/response-id.js';
import { makeCertificate, NO_OPENSSL } from '../harness/certificate.js';
import {
  type Collector,
  type FlatPoint,
  listPoints,
  type Received,
  startCollector,
  toAttributes,
} from '../harness/otlp-collector.js';
import { waitFor } from '../harness/wait.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

const USAGE = fileURLToPath(new URL('../../bin/codex-usage.js', import.meta.url));
const INPUT = 'gen_ai.client.inference.usage.input_tokens';
const SECRET = 'c2VjcmV0LXRva2Vu';

interface Machine {
  readonly store: Store;
  /** Runs `codex-usage metrics` as a process: the exporter reads the process's environment. */
  send(args: readonly string[], env?: Record<string, string>): ReturnType<typeof start>;
}

function openMachine(): Machine {
  const database = join(createFolder(), 'usage.db');
  const store = createStore(database);
  record(store, sampleResponse('1'));
  return { store, send: (args, env = {}) => start(database, args, env) };
}

function start(database: string, args: readonly string[], env: Record<string, string>) {
  const nowhere = { CODEX_HOME: '/nowhere', CLAUDE_CONFIG_DIR: '/nowhere', GEMINI_CLI_HOME: '/nowhere' };
  const own = Object.entries(process.env).filter(([name]) => !/^(OTEL_|CODEX_)/.test(name));
  const running = execa(process.execPath, [USAGE, 'metrics', '--no-import', ...args], {
    env: { ...Object.fromEntries(own), ...nowhere, CODEX_METERED_DB: database, XDG_CONFIG_HOME: '/nowhere', ...env },
    ...{ extendEnv: false, reject: false, stdin: 'ignore', all: true },
  });
  onTestFinished(() => void running.kill('SIGKILL'));
  return running;
}

function record(store: Store, ...responses: PricedResponse[]): void {
  store.record({ invocation: sampleInvocation('a'), responses });
}

function find(requests: readonly Received[], name: string): FlatPoint {
  const [point, ...others] = listPoints(requests).filter((one) => one.name === name);
  expect(others).toEqual([]);
  expect(point, name).toBeDefined();
  return point as FlatPoint;
}

const last = (collector: Collector) => collector.accepted.slice(-1);

describe('codex-usage metrics --otlp', () => {
  it('sends the sums of the record, with the names of the conventions and the machine that they are of', async () => {
    const collector = await startCollector();
    const { store, send } = openMachine();
    const rateLimits = [
      {
        provider: 'codex',
        limitId: 'codex',
        windowMinutes: 300,
        usedPercent: 25,
        resetsAtMs: Date.now() + 1e6,
        observedAtMs: Date.now(),
      },
    ] as const;
    store.record({ invocation: sampleInvocation('b'), update: { status: 'failed', endedAtMs: START }, rateLimits });
    const { exitCode, all } = await send(['--otlp', collector.url], {
      OTEL_RESOURCE_ATTRIBUTES: 'team=core,host.name=box%201',
    });
    expect([exitCode, all]).toEqual([
      0,
      expect.stringMatching(/^\d+ points sent to http:\/\/localhost:\d+\/v1\/metrics$/),
    ]);
    const [{ resource, scopeMetrics }] = (collector.accepted[0] as Received).body.resourceMetrics;
    expect(toAttributes(resource.attributes)).toMatchObject({
      ...{ 'service.name': 'codex-metered', team: 'core', 'host.name': 'box 1' },
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(scopeMetrics[0].schemaUrl).toBe('https://opentelemetry.io/schemas/gen-ai/0.1.0');
    const input = find(collector.accepted, INPUT);
    expect(input).toMatchObject({
      value: 1000,
      metric: { unit: '{token}', sum: { isMonotonic: true, aggregationTemporality: 2 } },
    });
    expect(input.attributes).toEqual({
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5.3-codex' },
      ...{ 'gen_ai.token.modality': 'unknown', 'codex_metered.agent': 'codex' },
      ...{ 'codex_metered.project': 'shop', 'codex_metered.source': 'actual' },
    });
    expect(input.start).toBeLessThanOrEqual(START * 1e6);
    expect(find(collector.accepted, 'codex_metered.cost')).toMatchObject({ value: 0.0026, metric: { unit: 'USD' } });
    expect(find(collector.accepted, 'codex_metered.responses')).toMatchObject({ value: 1 });
    const statuses = listPoints(collector.accepted).filter(({ name }) => name === 'codex_metered.invocations');
    // The meter of the first one is not there, so the command settles it before it counts.
    expect(statuses.map(({ attributes, value }) => [attributes['codex_metered.status'], value])).toEqual([
      ['abandoned', 1],
      ['failed', 1],
    ]);
    expect(find(collector.accepted, 'codex_metered.rate_limit.used')).toMatchObject({
      value: 0.25,
      metric: { gauge: {} },
    });
  });

  it('goes on where it was, and holds what was corrected downwards', async () => {
    const collector = await startCollector();
    const { store, send } = openMachine();
    await send(['--otlp', collector.url]);
    record(store, sampleResponse('1', { usage: { input: 900 } }));
    await send(['--otlp', collector.url]);
    expect(find(last(collector), INPUT).value).toBe(1000);
    const ahead = listPoints(last(collector)).find(({ attributes }) => attributes['codex_metered.kind'] === 'input');
    expect(ahead).toMatchObject({
      name: 'codex_metered.corrections',
      value: 100,
      metric: { sum: { aggregationTemporality: 2 } },
    });
    expect(ahead?.metric.sum.isMonotonic ?? false).toBe(false);
    expect(find(last(collector), INPUT).start).toBe(find(collector.accepted.slice(0, 1), INPUT).start);
  });

  it('sends differences where they are asked for, and counts as sent only what the collector has confirmed', async () => {
    const collector = await startCollector();
    const { store, send } = openMachine();
    const delta = () => send(['--otlp', collector.url], DELTA);
    await delta();
    expect(find(last(collector), INPUT)).toMatchObject({ value: 1000, metric: { sum: { aggregationTemporality: 1 } } });
    const firstEnd = find(last(collector), INPUT).end;

    record(store, sampleResponse('2', { usage: { input: 70 } }));
    collector.behave({ status: 500 });
    const failed = await delta();
    expect([failed.exitCode, failed.all]).toEqual([
      1,
      expect.stringContaining('it answered with 500. 0 points were sent'),
    ]);

    record(store, sampleResponse('3', { usage: { input: 5 } }));
    collector.behave('accept');
    await delta();
    expect(find(last(collector), INPUT)).toMatchObject({ value: 75, start: firstEnd });

    await delta();
    expect(listPoints(last(collector)).filter(({ name }) => name === INPUT)).toEqual([]);
    const sum = listPoints(collector.accepted)
      .filter(({ name }) => name === INPUT)
      .reduce((total, { value }) => total + value, 0);
    expect(sum).toBe(1075);
  });

  it('counts differences for each address by itself', async () => {
    const [one, other] = [await startCollector(), await startCollector()];
    const { send } = openMachine();
    await send(['--otlp', one.url], DELTA);
    await send(['--otlp', other.url], DELTA);
    expect(find(other.accepted, INPUT).value).toBe(1000);
  });

  it('sends the histogram of older conventions where that is asked for, each response in the bucket of its size', async () => {
    const collector = await startCollector();
    const { store, send } = openMachine();
    record(store, sampleResponse('2', { usage: { input: 17, cachedInput: 0 } }));
    await send(['--otlp', collector.url, '--conventions', 'gen_ai.client.token.usage']);
    const names = new Set(listPoints(collector.accepted).map(({ name }) => name));
    expect([...names].filter((name) => name.startsWith('gen_ai.'))).toEqual(['gen_ai.client.token.usage']);
    const [input] = listPoints(collector.accepted).filter(
      ({ attributes }) => attributes['gen_ai.token.type'] === 'input',
    );
    expect(input?.point).toMatchObject({ sum: 1017, count: 2 });
    expect(input?.point.explicitBounds.slice(0, 6)).toEqual([1, 4, 16, 64, 256, 1024]);
    expect(input?.point.bucketCounts.slice(0, 6)).toEqual([0, 0, 0, 1, 0, 1]);
    expect(collector.accepted[0]?.body.resourceMetrics[0].scopeMetrics[0].schemaUrl).toContain('/schemas/1.42.0');

    record(store, sampleResponse('3', { usage: { input: 3, cachedInput: 0 } }));
    await send(['--otlp', collector.url, '--conventions', 'gen_ai.client.token.usage'], DELTA);
    record(store, sampleResponse('4', { usage: { input: 2, cachedInput: 0 } }));
    await send(['--otlp', collector.url, '--conventions', 'gen_ai.client.token.usage'], DELTA);
    const [added] = listPoints(last(collector)).filter(({ attributes }) => attributes['gen_ai.token.type'] === 'input');
    expect(added?.point).toMatchObject({ sum: 2, count: 1 });
    expect(added?.point.bucketCounts.slice(0, 3)).toEqual([0, 1, 0]);
  });

  it('sends a log record of each response once, again when it has changed, and one of what was deleted', async () => {
    const collector = await startCollector();
    const { store, send } = openMachine();
    const logs = () => send(['--otlp', collector.url, '--logs']);
    const recordsOf = (from: number) => {
      const requests = collector.accepted.slice(from).filter(({ path }) => path === '/v1/logs');
      return requests.flatMap(({ body }) => body.resourceLogs[0].scopeLogs[0].logRecords);
    };
    expect((await logs()).all).toMatch(/points and 1 log record sent to/);
    const [first] = recordsOf(0);
    const id = toResponseId({ provider: 'codex', threadId: 'thread-1', key: '1', completedAtMs: START + 1000 });
    expect(first).toMatchObject({
      eventName: 'gen_ai.client.inference.operation.details',
      severityNumber: 5,
      timeUnixNano: (START + 1000) * 1e6,
    });
    expect(first.body).toBeUndefined();
    expect(toAttributes(first.attributes)).toMatchObject({
      ...{ 'gen_ai.response.id': id, 'gen_ai.request.model': 'gpt-5.3-codex', 'gen_ai.provider.name': 'openai' },
      ...{
        'gen_ai.usage.input_tokens': 1000,
        'gen_ai.usage.cache_read.input_tokens': 400,
        'gen_ai.usage.output_tokens': 200,
      },
      ...{ 'codex_metered.cost_nano_usd': 2_600_000, 'codex_metered.run': 'nightly-7', 'codex_metered.iteration': 1 },
    });
    expect(JSON.stringify(collector.accepted.map(({ body }) => body))).not.toContain('thread-1');

    let seen = collector.accepted.length;
    expect((await logs()).all).toMatch(/and 0 log records sent/);
    record(store, sampleResponse('1', { usage: { input: 990 } }));
    collector.behave({ status: 400 });
    await logs();
    collector.behave('accept');
    seen = collector.accepted.length;
    await logs();
    const [changed] = recordsOf(seen);
    const attributes = toAttributes(changed.attributes);
    expect(attributes).toMatchObject({ 'gen_ai.response.id': id, 'gen_ai.usage.input_tokens': 990 });
    expect(Number(attributes['codex_metered.revision'])).toBeGreaterThan(
      Number(toAttributes(first.attributes)['codex_metered.revision']),
    );

    store.connection.exec("DELETE FROM response_rows WHERE response_key = '1'");
    seen = collector.accepted.length;
    await logs();
    expect(toAttributes(recordsOf(seen)[0].attributes)).toMatchObject({
      'gen_ai.response.id': id,
      'codex_metered.gone': true,
      'gen_ai.usage.input_tokens': 0,
    });
  });

  it.each([
    [
      'refuses credentials',
      { status: 401 },
      'it answered with 401: it wants credentials, which OTEL_EXPORTER_OTLP_HEADERS has',
    ],
    [
      'is overloaded',
      { status: 503, retryAfter: '1' },
      'it answered with 429, 502, 503 or 504 until the time was over',
    ],
    ['stalls', 'stall', 'it did not answer in time (OTEL_EXPORTER_OTLP_TIMEOUT)'],
    ['cuts the connection', 'cut', 'the connection failed (ECONNRESET)'],
  ] as const)(
    'says what to do where the collector %s, shows no secret, and sends it the next time',
    async (_, behaviour, problem) => {
      const collector = await startCollector();
      const { send } = openMachine();
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Basic%20${SECRET}`,
        OTEL_EXPORTER_OTLP_TIMEOUT: '1500',
        ...DELTA,
      };
      collector.behave(behaviour);
      const { exitCode, all } = await send(['--otlp'], env);
      expect([exitCode, all]).toEqual([1, expect.stringContaining(problem)]);
      expect(all).not.toContain(SECRET);
      expect(collector.received[0]?.headers.authorization).toBe(`Basic ${SECRET}`);
      collector.behave('accept');
      await send(['--otlp'], env);
      expect(find(last(collector), INPUT).value).toBe(1000);
    },
  );

  it('says what a collector does not want, and does not send it again', async () => {
    const collector = await startCollector();
    const { send } = openMachine();
    collector.behave({ partial: { rejected: 3, because: `no room for ${SECRET}` } });
    const { exitCode, all } = await send(['--otlp', collector.url], {
      ...DELTA,
      OTEL_EXPORTER_OTLP_HEADERS: `x=${SECRET}`,
    });
    expect(exitCode).toBe(0);
    expect(all).toContain('The collector rejected 3 of them: no room for …');
    await send(['--otlp', collector.url], DELTA);
    expect(listPoints(last(collector)).filter(({ name }) => name === INPUT)).toEqual([]);
  });

  it.skipIf(NO_OPENSSL !== undefined)('compresses where asked to, and checks the certificate of https', async () => {
    const { key, certificate, path } = await makeCertificate(createFolder());
    const collector = await startCollector(createSecureServer({ key, cert: certificate }));
    const { send } = openMachine();
    const stranger = await send(['--otlp', collector.url]);
    expect([stranger.exitCode, stranger.all]).toEqual([
      1,
      expect.stringContaining('its certificate is not valid here'),
    ]);
    expect(collector.received).toEqual([]);
    const known = {
      OTEL_EXPORTER_OTLP_CERTIFICATE: path,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    };
    expect(await send(['--otlp', collector.url], known)).toMatchObject({ exitCode: 0 });
    expect(collector.accepted[0]?.headers['content-encoding']).toBe('gzip');
    expect(find(collector.accepted, INPUT).value).toBe(1000);
  });

  it('goes on with --watch until it is asked to end, also where nobody listens for a while', async () => {
    const collector = await startCollector();
    const { store, send } = openMachine();
    collector.behave({ status: 400 });
    const running = send(['--otlp', collector.url, '--watch', '--every', '1']);
    await waitFor('the first request', () => collector.received.length > 0);
    record(store, sampleResponse('2'));
    collector.behave('accept');
    await waitFor('the next one', () => collector.accepted.length > 0);
    running.kill('SIGINT');
    expect(await running).toMatchObject({ exitCode: 0 });
    expect(find(last(collector), INPUT).value).toBe(2000);
  });

  it.each([
    [
      ['--otlp', 'http://u:hush@localhost:1'],
      {},
      'has a user or a password in it: put them into OTEL_EXPORTER_OTLP_HEADERS',
    ],
    [['--otlp', 'hush'], {}, 'is no address such as https://otlp.example.com'],
    [
      ['--otlp', 'http://192.0.2.1:4318'],
      {},
      'is another machine, and names of projects and headers would go there in plain text',
    ],
    [['--otlp'], { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'speaks http/protobuf alone'],
    [
      ['--otlp'],
      { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'both' },
      'is one of cumulative, delta, lowmemory, not "both"',
    ],
    [['--logs'], {}, '--logs belongs to --otlp'],
    [['--watch'], {}, '--watch needs --output or --otlp'],
    [['--every', '5'], {}, '--every belongs to --watch'],
    [['--watch', '--every', '0'], {}, 'Use a number of seconds from 1 to 86400.'],
  ])('says what is wrong with %j', async (args, env, message) => {
    const { exitCode, all } = await openMachine().send(args, env as Record<string, string>);
    expect([exitCode, all]).toEqual([2, expect.stringContaining(message)]);
    expect(all).not.toContain('hush');
  });
});

const DELTA = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' };
