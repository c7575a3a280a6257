import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { listProcesses, stateOf } from '../harness/children.js';
import { seedLoops } from '../harness/loops.js';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import { USAGE } from '../harness/workbench.js';
import type { InputItem, Reply } from '../scripted-api/script.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

type Json = Record<string, unknown>;

/** The server in Codex's configuration, as options. Codex hands on no variables but those that are named. */
const IN_CODEX = Object.entries({
  command: process.execPath,
  args: [USAGE, 'mcp'],
  startup_timeout_sec: 60,
  // Codex begins its turn without a server that is slow to start, unless it is required.
  required: true,
  env_vars: ['CODEX_METERED_DB', 'CODEX_METERED_STATE_DIR', 'CODEX_METERED_BUDGET_USD'],
}).flatMap(([key, value]) => ['-c', `mcp_servers.usage.${key}=${JSON.stringify(value)}`]);

/** The data that the newest tool call in a request gave the model. Codex writes how long it took before it. */
function readToolData(body: Json): Json {
  const outputs = (body.input as InputItem[]).filter(({ type }) => type === 'function_call_output');
  const given = outputs.at(-1)?.output as string | { text: string }[];
  const whole = typeof given === 'string' ? given : given.map((part) => part.text).join('\n');
  expect(whole).toContain('{');
  return JSON.parse(whole.slice(whole.indexOf('{')));
}

describe('an agent in a metered Codex', () => {
  test('asks what its run cost, why, and what is left, while a newer run is there, and is metered exactly', async ({
    bench,
  }) => {
    const ask = (tool: string, input: Json = {}): Reply => ({
      calls: [{ tool, namespace: 'mcp__usage', arguments: input }],
      usage: { input: 6000, cached: 4096, output: 40 },
    });
    const gate = createGate();
    bench.api.add(
      { prompt: 'build', replies: [{ message: 'Built.', usage: { input: 5200, cached: 256, output: 300 } }] },
      {
        prompt: 'ask',
        replies: [
          { ...ask('cost'), until: gate.opened },
          ask('why', { selector: 'r42/builder/1' }),
          ask('budget'),
          { message: 'Known.', usage: { input: 7000, output: 9 } },
        ],
      },
    );
    const env = { CODEX_METERED_BUDGET_USD: 'run=1' };
    const r42 = (phase: string) => ({ meter: ['--meter-run-id', 'r42', '--meter-phase', phase], env });
    const built = await bench.run(['exec', 'build'], r42('builder'));
    const asking = bench.start(['exec', ...IN_CODEX, 'ask'], r42('reviewer'));
    const newer = await bench.run(['exec', 'build'], { meter: ['--meter-run-id', 'r43'] });
    gate.open();
    const asked = await asking.ended;
    expect([asked.exitCode, bench.api.unmatched]).toEqual([0, []]);
    const ledger = asked.ledger.filter((entry) => !newer.ledger.includes(entry));
    const [, costs = {}, why, budget] = ledger.map(({ request }, index) => {
      return index === 0 ? {} : readToolData(bench.api.requests[request]?.body ?? {});
    });
    expect(costs).toMatchObject({ kind: 'run', runId: 'r42', projectId: 'shop', selectedAs: 'named' });
    expect(costs.phases).toContainEqual(
      expect.objectContaining({ phase: 'builder', inputTokens: 5200, cachedInputTokens: 256, outputTokens: 300 }),
    );
    expect(costs.invocations).toContainEqual(expect.objectContaining({ phase: 'reviewer', status: 'running' }));
    expect(why).toMatchObject({ kind: 'why', runId: 'r42', phase: 'builder', iteration: 1, responseCount: 1 });
    expect(budget).toMatchObject({ kind: 'budget', limits: [{ scope: 'run', limitUsd: 1, iterationsLeft: null }] });
    expectExact(bench, built);
    expectExact(bench, { pid: asked.pid, ledger });
    expect(listProcesses(bench.folder)).toEqual([]);
  });
});

const NOWHERE = {
  ...{ HOME: '/nowhere', XDG_CONFIG_HOME: '/nowhere', CODEX_HOME: '/nowhere' },
  ...{ CLAUDE_CONFIG_DIR: '/nowhere', GEMINI_CLI_HOME: '/nowhere' },
  // Where commands leave their compiled code.
  XDG_STATE_HOME: process.env.XDG_STATE_HOME ?? '',
};

interface Server {
  readonly database: string;
  readonly call: (name: string, input?: Json) => Promise<{ data: unknown; text: string; isError: boolean }>;
  /** What codex-usage prints for the same database. */
  readonly print: (...args: string[]) => Promise<string>;
}

/** The official client, connected to a server for a database of runs. `atEnd` is when both go. */
async function openServer(
  env: Record<string, string> = {},
  atEnd: (close: () => Promise<void>) => void = onTestFinished,
): Promise<Server> {
  const cwd = mkdtempSync(join(tmpdir(), 'codex-metered-mcp-'));
  const database = join(cwd, 'usage.db');
  // The run that goes on is that of another process than the one that starts the server.
  seedLoops(database, { nowMs: Date.now(), running: { pid: 1, forMs: 200 } });
  const own = { ...NOWHERE, CODEX_METERED_DB: database, TZ: 'UTC', ...env };
  const client = new Client({ name: 'test', version: '1.0.0' });
  atEnd(async () => {
    await client.close();
    rmSync(cwd, { recursive: true, force: true });
  });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [USAGE, 'mcp'], cwd, env: own, stderr: 'pipe' }),
  );
  return {
    database,
    async call(name, input = {}) {
      const { structuredContent, content, isError } = await client.callTool({ name, arguments: input });
      const [part] = content as { text: string }[];
      return { data: structuredContent, text: part?.text ?? '', isError: isError === true };
    },
    async print(...args) {
      const { stdout } = await execa(process.execPath, [USAGE, ...args], { cwd, env: own, extendEnv: false });
      return stdout;
    },
  };
}

describe('codex-usage mcp', () => {
  let shared: Server;
  beforeAll(async () => {
    shared = await openServer({ CODEX_METERED_BUDGET_USD: 'run=20,day=50' }, afterAll);
  });

  it.each<[string, Json, string[]]>([
    ['cost', { selector: 'nightly-42' }, ['run', 'nightly-42']],
    [
      'cost',
      { selector: 'nightly-42/reviewer/2', model: 'gpt-6*' },
      ['run', 'nightly-42/reviewer/2', '--model=gpt-6*'],
    ],
    ['cost', { selector: '019b05dc-0000' }, ['session', '019b05dc-0000', '--no-import']],
    ['cost', { project: 'shop' }, ['run', '--project', 'shop']],
    ['cost', {}, ['run']],
    ['why', { selector: 'nightly-41//2' }, ['why', 'nightly-41//2', '--no-import']],
    ['why', { selector: '019b05dc-0000' }, ['why', '019b05dc-0000', '--no-import']],
    ['budget', { run: 'nightly-41', project: 'shop' }, ['budget', '--run', 'nightly-41', '--project', 'shop']],
    ['period', { by: 'day' }, ['daily', '--last', '7', '--no-import']],
    ['period', { by: 'month', last: 2, project: 'shop' }, ['monthly', '--last=2', '--project=shop', '--no-import']],
    ['period', { by: 'project', since: '2026-01-01' }, ['project', '--since', '2026-01-01', '--no-import']],
    ['compare', { what: ['nightly-42', 'nightly-41'] }, ['compare', 'nightly-42', 'nightly-41', '--no-import']],
    ['compare', { what: ['nightly-42'], as: 'gpt-5.4' }, ['compare', 'nightly-42', '--as=gpt-5.4', '--no-import']],
    ['period', { by: 'phase' }, ['phase', '--last', '30', '--no-import']],
  ])('answers %s %j with the data of codex-usage %j', async (name, input, args) => {
    const { data, text, isError } = await shared.call(name, input);
    expect(isError).toBe(false);
    expect(data).toEqual(JSON.parse(await shared.print(...args, '--json')));
    expect(text).toMatch(/\$\d/);
  });

  it('names the run that the environment names, where no metered Codex has started it', async () => {
    const { call } = await openServer({ CODEX_METERED_RUN_ID: 'nightly-41' });
    expect((await call('cost')).data).toMatchObject({ runId: 'nightly-41' });
    expect((await call('why')).data).toMatchObject({ runId: 'nightly-41' });
  });

  it.each<[string, Json, RegExp]>([
    ['cost', { selector: 'r99' }, /There is no run r99\.\nThe newest are:\n {2}nightly-43/],
    ['why', { selector: 'r99' }, /There is no run r99\.\nThe newest are:\n {2}nightly-43/],
    ['cost', { selector: 'nightly' }, /The ids of several runs begin with nightly\./],
    ['cost', { selector: '019b05dc' }, /The ids of several sessions begin with 019b05dc\./],
    ['cost', { project: 'shoe' }, /project shoe\. Known projects: shop/],
    ['period', { by: 'day', since: '2026-02-01', last: 2 }, /--since and --last both say where to begin/],
    ['period', { by: 'hour' }, /day.*week.*month/],
    ['compare', { what: ['nope', 'nightly-41'] }, /nope/],
    ['budget', { scope: 'day' }, /Unrecognized key: "scope"/],
  ])('answers %s %j with an error that says what there is', async (name, input, said) => {
    expect(await shared.call(name, input)).toEqual({
      data: undefined,
      isError: true,
      text: expect.stringMatching(said),
    });
  });

  it('leaves the longest lists out of an answer that is too long for a model, and says so', async () => {
    const { call, database } = await openServer();
    const store = createStore(database);
    for (let iteration = 1; iteration <= 60; iteration++) {
      const invocation = sampleInvocation(`long-${iteration}`, { attribution: { runId: 'long', iteration } });
      store.record({ invocation, responses: [sampleResponse(`long-${iteration}`)] });
    }
    const { data, text } = await call('cost', { selector: 'long' });
    expect(data).toMatchObject({ runId: 'long', totals: { responseCount: 60 }, leftOut: { invocations: 60 } });
    expect(data).not.toHaveProperty('invocations');
    expect(JSON.stringify(data).length).toBeLessThan(40_000);
    expect(text).toContain('60 invocations');
    expect(text.length).toBeLessThan(4000);
  });

  it('changes nothing: neither the database nor what is beside it, whatever it is asked', async () => {
    const { call, database } = await openServer();
    const folder = join(database, '..');
    const before = [readdirSync(folder), readFileSync(database)];
    for (const name of ['cost', 'why', 'budget']) await call(name);
    await call('period', { by: 'day' });
    // SQLite reads a database with WAL through two files beside it.
    const isOfWal = (name: string) => /-(shm|wal)$/.test(name);
    expect([readdirSync(folder).filter((name) => !isOfWal(name)), readFileSync(database)]).toEqual(before);
  });

  it('says of a database of an earlier version what brings it up to date, and leaves it as it is', async () => {
    const { call, database } = await openServer();
    const connection = openDatabase(database);
    const version = connection.pragma('user_version', { simple: true }) as number;
    connection.pragma(`user_version = ${version - 1}`);
    connection.close();
    expect((await call('cost')).text).toContain(
      'made by an earlier codex-metered: "codex-usage run" brings it up to date',
    );
  });

  it('writes nothing but the protocol, answers what it was asked before its input ended, and ends with it', async () => {
    const server = spawn(process.execPath, [USAGE, 'mcp'], {
      env: { ...NOWHERE, CODEX_METERED_DB: '/nowhere/usage.db' },
    });
    const [stdout, stderr] = [text(server.stdout), text(server.stderr)];
    const clientInfo = { name: 'test', version: '1' };
    const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    for (const message of [
      { id: 1, method: 'initialize', params: initialize },
      { method: 'notifications/initialized' },
      { id: 2, method: 'tools/list' },
      { id: 3, method: 'tools/call', params: { name: 'cost', arguments: {} } },
    ]) {
      server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\nnonsense\n`);
    }
    server.stdin.end();
    expect(await once(server, 'exit')).toEqual([0, null]);
    const answers = (await stdout)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ jsonrpc, id }) => [jsonrpc, id])).toEqual([1, 2, 3].map((id) => ['2.0', id]));
    expect(answers[1].result.tools.map((tool: Json) => [tool.name, (tool.annotations as Json).readOnlyHint])).toEqual(
      ['cost', 'why', 'budget', 'period', 'compare'].map((name) => [name, true]),
    );
    expect(answers[2].result.content[0].text).toContain('Nothing has been metered yet');
    expect(await stderr).toBe('');
  });

  it('is the one command that loads the library of the protocol', () => {
    const dist = new URL('../../dist/', import.meta.url);
    const bundles = readdirSync(dist).filter((name) => /\.c?js$/.test(name));
    const withLibrary = bundles.filter((name) => readFileSync(new URL(name, dist), 'utf8').includes('tools/list'));
    expect(withLibrary).toEqual(['mcp-server.cjs']);
  });

  it('ends when the agent that has started it is killed', async () => {
    const agent = spawn('sh', ['-c', `"${process.execPath}" "${USAGE}" mcp & echo $!; exec sleep 60`], {
      env: NOWHERE,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const [line] = await once(agent.stdout, 'data');
    const pid = Number(String(line));
    expect(stateOf(pid)).toBeDefined();
    agent.kill('SIGKILL');
    agent.stdin.destroy();
    await waitFor('the end of the server', () => [undefined, 'Z'].includes(stateOf(pid)));
  });
});
