import { execa } from 'execa';
import { beforeEach, describe, expect } from 'vitest';
import {
  type ListeningServer,
  openTunnel,
  type ServerOptions,
  startListeningServer,
} from '../clients/listening-server.js';
import { runUsage } from '../harness/codex-usage.js';
import { expectExact, ofItsThread, query, readRecordSoFar, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import { type Running, type RunOptions, USAGE, type Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { SHELVES } from '../scripted-api/scenarios.js';
import { type Reply, turn } from '../scripted-api/script.js';

const [FIRST, SECOND] = SHELVES.replies as [Reply, Reply];

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(SHELVES));

/** The client of a server: `codex exec --remote`. */
const runClient = (bench: Workbench, { address }: { address: string }, args: string[], options?: RunOptions) =>
  bench.run(['exec', ...args, '--remote', address, 'shelves'], options);

const importFrom = (bench: Workbench, { codexHome }: { codexHome: string }) =>
  runUsage(['import'], {
    database: bench.database,
    env: { CODEX_HOME: codexHome, CLAUDE_CONFIG_DIR: '/nowhere', CODEX_METERED_STATE_DIR: bench.stateFolder },
  });

/** Asserts that responses, cost records and buckets hold what the API billed, once. */
function expectSums(bench: Workbench, ledger: readonly LedgerEntry[]): void {
  const { input, output } = sumLedger(ledger);
  const sums = 'sum(input_tokens) AS input, sum(output_tokens) AS output';
  for (const [from, count] of [
    ['responses', 'count(*)'],
    ['buckets', 'sum(responses)'],
  ]) {
    const found = query(bench.database, `SELECT ${count} AS responses, ${sums} FROM ${from}`);
    expect(found).toEqual([{ responses: ledger.length, input, output }]);
  }
}

describe('a client of a server equals the ledger of the API', () => {
  test.for<[string, string[], ServerOptions]>([
    ['--json, over a port, the server has another home', ['--json'], { listen: 'ws' }],
    ['for people, over a port, the server has another home', [], { listen: 'ws' }],
    ['--json, over a socket, the server has another home', ['--json'], { listen: 'unix' }],
    ['for people, over a socket, in one home', [], { listen: 'unix', home: 'shared' }],
    ['for people, over the socket in its home', [], { listen: 'unix default', home: 'shared' }],
  ])('%s', async ([, args, options], { bench }) => {
    const server = await startListeningServer(bench, options);
    const run = await runClient(bench, server, args);
    expect(run.exitCode).toBe(0);
    expect(expectExact(bench, run, 2)).toMatchObject({ status: 'completed', notes: [] });
    expectSums(bench, run.ledger);
  });

  test('when two work at once on one server', async ({ bench }) => {
    const server = await startListeningServer(bench);
    const runs = await Promise.all([runClient(bench, server, ['--json']), runClient(bench, server, [])]);
    for (const run of runs) {
      expect(expectExact(bench, ofItsThread(bench, run), 2)).toMatchObject({ notes: [] });
    }
  });

  test('when its thread is resumed, with --json and for people', async ({ bench }) => {
    const server = await startListeningServer(bench);
    const first = await runClient(bench, server, ['--json']);
    const threadId = String(recordOf(bench, first).threadId);
    const resume = (args: string[]) =>
      bench.run(['exec', 'resume', ...args, '--remote', server.address, threadId, 'shelves again']);
    const runs = [first, await resume(['--json']), await resume([])];
    for (const run of runs) expect(expectExact(bench, run, 2)).toMatchObject({ threadId, notes: [] });
  });

  test('when its output is not read, because both streams are one file', async ({ bench }) => {
    const server = await startListeningServer(bench);
    const run = await runClient(bench, server, [], { into: `${bench.folder}/output.txt` });
    expect(expectExact(bench, run)).toMatchObject({ notes: [] });
  });
});

describe('a client of a server whose process cannot be seen', () => {
  test.for<[string, RunOptions]>([
    ['an option', { meter: ['--meter-server-home', '../server-home'] }],
    ['a variable', { env: { CODEX_METERED_SERVER_HOME: '../server-home' } }],
  ])('equals the ledger of the API where %s names its home', async ([, options], { bench }) => {
    const server = await startListeningServer(bench);
    const run = await runClient(bench, { address: await openTunnel(server) }, ['--json'], options);
    expect(expectExact(bench, run)).toMatchObject({ notes: [] });
  });

  test.for<[string, string[], object]>([
    ['turn.completed', ['--json'], { evidence: 'turn_completed', source: 'actual', input: 10_900, output: 103 }],
    ['the printed total', [], { evidence: 'text', source: 'parsed', input: 5371, output: 0 }],
  ])("is recorded by %s, which the server's file replaces", async ([, args, standIn], { bench }) => {
    const server = await startListeningServer(bench);
    const run = await runClient(bench, { address: await openTunnel(server) }, args);
    const { responses, notes, threadId } = recordOf(bench, run);
    expect(threadId).toBe(run.ledger[0]?.threadId);
    expect(responses).toMatchObject([standIn]);
    expect(notes).toContainEqual(
      expect.objectContaining({ kind: 'fallback', reason: expect.stringContaining('CODEX_HOME is not known') }),
    );
    for (let time = 0; time < 2; time++) {
      expect(await importFrom(bench, server)).toMatchObject({ exitCode: 0 });
      expectExact(bench, run);
      expectSums(bench, run.ledger);
    }
  });
});

describe('where the server is metered too', () => {
  /** Stops the server, and returns what it has recorded as its own. */
  async function readServer(bench: Workbench, server: ListeningServer) {
    await server.stop();
    return recordOf(bench, server);
  }

  test.for([[['--json']], [[]]])(
    'a client has what it used, and the server the rest, with %j',
    async ([args], { bench }) => {
      const server = await startListeningServer(bench, { meter: ['--meter-run-id', 'serving'] });
      const runs = await Promise.all([runClient(bench, server, args ?? []), runClient(bench, server, args ?? [])]);
      const unmetered = await runClient(bench, server, ['--json'], { direct: true });
      const { id, responses, costRecords } = await readServer(bench, server);
      for (const run of runs) expect(expectExact(bench, ofItsThread(bench, run))).toMatchObject({ notes: [] });
      const known = new Set(runs.map((run) => recordOf(bench, run).threadId));
      const ledger = bench.api.ledger.filter(({ threadId }) => !known.has(String(threadId)));
      expect(ledger).toHaveLength(2);
      expect(unmetered.exitCode).toBe(0);
      expectExact(bench, { id, ledger });
      expect([responses.length, costRecords.length]).toEqual([2, 1]);
      expectSums(bench, bench.api.ledger);
    },
  );

  test('a client that cannot find the file is given what the server records, and nothing else', async ({ bench }) => {
    const server = await startListeningServer(bench, { meter: [] });
    const run = await runClient(bench, { address: await openTunnel(server) }, ['--json']);
    expect((await readServer(bench, server)).responses).toEqual([]);
    expectExact(bench, run);
    await importFrom(bench, server);
    expectExact(bench, run);
    expectSums(bench, run.ledger);
  });

  test('a budget of the server is not spent by its clients', async ({ bench }) => {
    const server = await startListeningServer(bench, { meter: ['--meter-budget-tokens', '9000'] });
    const client = await runClient(bench, server, ['--json']);
    expect(client.exitCode).toBe(0);
    expect(await readServer(bench, server)).toMatchObject({ responses: [], notes: [] });
    expectExact(bench, client);
  });

  test('a budget of a run that both belong to counts each response once', async ({ bench }) => {
    const meter = ['--meter-run-id', 'r1', '--meter-budget-tokens', 'run=15000'];
    const server = await startListeningServer(bench, { meter });
    const first = await runClient(bench, server, ['--json'], { meter });
    expect([first.exitCode, first.stderr.toString()]).toEqual([0, expect.not.stringContaining('budget')]);
    const second = await runClient(bench, server, ['--json'], { meter });
    expect(second.exitCode).toBe(99);
    expect(second.stderr.toString()).toContain('budget');
  });
});

describe('what was used when one of them is killed', () => {
  /** A client that waits for a response, the second of two by default, which is held until the test lets it go. */
  async function interruptible(bench: Workbench, server: ListeningServer, held: 1 | 2 = 2) {
    const { opened: until, open: release } = createGate();
    const replies = held === 1 ? [{ ...FIRST, until }, SECOND] : [FIRST, { ...SECOND, until }];
    bench.api.add(turn('shelves', ...replies), turn('go on', FIRST, SECOND));
    const client = bench.start(['exec', '--json', '--remote', server.address, 'shelves']);
    await waitFor('the request', () => bench.api.requests.length === held);
    await waitFor('the record', () => {
      const recorded = readRecordSoFar(bench).find(({ command }) => command === 'exec');
      return recorded?.threadId && recorded.responses.length === held - 1;
    });
    return { client, release };
  }

  /** Kills codex-metered, its meter, and the Codex that it has started. */
  async function killBoth(bench: Workbench, client: Running): Promise<void> {
    const sql =
      'SELECT meter_pid AS meter, front_pid AS front, codex_pid AS codex FROM invocations WHERE front_pid = ?';
    const [pids = {}] = query<Record<string, number>>(bench.database, sql, client.pid);
    for (const pid of Object.values(pids)) process.kill(pid, 'SIGKILL');
    await client.ended;
  }

  test('is recorded when the server is killed: the client fails', async ({ bench }) => {
    const server = await startListeningServer(bench);
    const { client, release } = await interruptible(bench, server);
    server.kill('SIGKILL');
    const run = await client.ended;
    release();
    expect(run.exitCode).toBe(1);
    expect(expectExact(bench, { ...run, ledger: run.ledger.slice(0, 1) })).toMatchObject({
      status: 'failed',
      notes: [],
    });
  });

  test('is recorded when the client is interrupted: the server ends the turn', async ({ bench }) => {
    const server = await startListeningServer(bench);
    const { client, release } = await interruptible(bench, server);
    client.kill('SIGINT');
    const run = await client.ended;
    release();
    expect(run.exitCode).toBe(1);
    await server.stop();
    await importFrom(bench, server);
    expect(expectExact(bench, { ...run, ledger: run.ledger.slice(0, 1) })).toMatchObject({ status: 'interrupted' });
  });

  test.for([
    ['an import', 2, undefined],
    ['an import, though it had no response yet', 1, undefined],
    ["the server's own record", 2, []],
    ["the server's own record, though it had no response yet", 1, []],
  ] as const)(
    "is the client's, by %s, when it is ended by SIGTERM: the server goes on to the end of the turn",
    async ([, held, meter], { bench }) => {
      const server = await startListeningServer(bench, meter && { meter });
      const { client, release } = await interruptible(bench, server, held);
      client.kill('SIGTERM');
      const run = await client.ended;
      expect(run.signal).toBe('SIGTERM');
      expect(recordOf(bench, run).responses).toHaveLength(held - 1);
      release();
      await waitFor('the second response', () => bench.api.ledger.length === 2);
      await server.stop();
      if (!meter) await importFrom(bench, server);
      expect(expectExact(bench, { ...run, ledger: bench.api.ledger })).toMatchObject({ status: 'interrupted' });
      expectSums(bench, bench.api.ledger);
    },
  );

  test.for<[string, { meter?: string[]; imported?: 'before' }]>([
    ['is settled', {}],
    ['was imported before it is settled', { imported: 'before' }],
    ['was recorded by the server, which is metered,', { meter: [] }],
  ])('%s when the client and its meter are killed', async ([, { meter, imported }], { bench }) => {
    const server = await startListeningServer(bench, meter && { meter });
    const { client, release } = await interruptible(bench, server);
    await killBoth(bench, client);
    release();
    await waitFor('the second response', () => bench.api.ledger.length === 2);
    await server.stop();
    if (imported) await importFrom(bench, server);
    // Whatever command comes next settles what is left.
    await execa(process.execPath, [USAGE, 'import'], { env: { ...bench.env, CODEX_HOME: server.codexHome } });
    const settled = expectExact(bench, { pid: client.pid, ledger: bench.api.ledger });
    expect(settled).toMatchObject({ status: 'abandoned' });
    expectSums(bench, bench.api.ledger);
  });

  test('is settled beside a client that resumes the thread, which has its own responses', async ({ bench }) => {
    const server = await startListeningServer(bench);
    const { client, release } = await interruptible(bench, server);
    await killBoth(bench, client);
    release();
    await waitFor('the second response', () => bench.api.ledger.length === 2);
    const threadId = String(bench.api.ledger[0]?.threadId);
    const resumed = await bench.run(['exec', 'resume', '--json', '--remote', server.address, threadId, 'go on']);
    expect(resumed.ledger).toHaveLength(2);
    expect(expectExact(bench, resumed)).toMatchObject({ notes: [] });
    const killed = { pid: client.pid, ledger: bench.api.ledger.slice(0, 2) };
    expect(expectExact(bench, killed)).toMatchObject({ status: 'abandoned' });
    expectSums(bench, bench.api.ledger);
  });
});
