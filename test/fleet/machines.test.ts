import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { openConnection } from '../../src/store/open.js';
import { iterateAll } from '../../src/store/outbox.js';
import { readOutboxRows } from '../../src/store/outbox-rows.js';
import { toResponseId } from '../../src/usage/response-id.js';
import { listProcesses } from '../harness/children.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { createClaudeHome, readFamily } from '../history/claude-family.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { LOOP } from '../scripted-api/scenarios.js';
import { createFolder } from '../store/samples.js';
import { createFleet, endPushes, type Fleet } from './fleet.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

/** The ids that a push would give the responses of a database. */
function readIds(database: string): string[] {
  const connection = openConnection(database, { mode: 'read', busyTimeoutMs: 10_000 });
  try {
    const { responses } = readOutboxRows(connection, [...iterateAll(connection)]);
    return responses.map(toResponseId).sort();
  } finally {
    connection.close();
  }
}

/** Imports a copy of the session files at another path, as another machine would. */
async function importElsewhere(codexHome: string): Promise<string> {
  const home = join(createFolder(), 'another', '.codex');
  mkdirSync(home, { recursive: true });
  cpSync(join(codexHome, 'sessions'), join(home, 'sessions'), { recursive: true });
  const database = join(createFolder(), 'usage.db');
  await importHistory({ database, homes: { codex: [home], claude: [] } });
  return database;
}

describe('a session that several machines have read', () => {
  test('has the same ids on all of them, whether it was metered or imported', async ({ bench }) => {
    bench.api.add(LOOP);
    const run = await bench.run(['exec', '--json', 'loop']);
    const ids = readIds(bench.database);
    expect(ids).toHaveLength(run.ledger.length);
    for (let machine = 2; machine <= 3; machine++) {
      expect(readIds(await importElsewhere(bench.codexHome))).toEqual(ids);
    }
  });

  test('has them with Claude Code too, in whatever order its transcripts are read', async () => {
    const family = [...readFamily()];
    const read = async (transcripts: typeof family) => {
      const home = createClaudeHome();
      for (const [path, lines] of transcripts) {
        home.append(path, `${lines.join('\n')}\n`);
        await home.import();
      }
      return readIds(home.database);
    };
    const ids = await read(family);
    expect(ids.length).toBeGreaterThan(5);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await read(family.toReversed())).toEqual(ids);
  });
});

describe.skipIf(NO_POSTGRES !== undefined)('a metered run with a target', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  const sumFleet = async (fleet: Fleet) => {
    const [sum] = await fleet.read(`SELECT coalesce(sum(input_tokens), 0)::int AS input,
      coalesce(sum(cached_input_tokens), 0)::int AS cached, coalesce(sum(cache_write_tokens), 0)::int AS "cacheWrite",
      coalesce(sum(output_tokens), 0)::int AS output, coalesce(sum(reasoning_tokens), 0)::int AS reasoning FROM responses`);
    return sum;
  };
  const run = (bench: Workbench, fleet: Fleet, env = {}) => {
    bench.api.add(LOOP);
    return bench.run(['exec', '--json', 'loop'], { env: { CODEX_METERED_FLEET_URL: fleet.url, ...env } });
  };
  const expectLedger = async (fleet: Fleet, ledger: readonly LedgerEntry[]) => {
    expect(await sumFleet(fleet)).toEqual(sumLedger(ledger));
  };

  test('is sent beside it, without anybody waiting for it', async ({ bench }) => {
    const fleet = await createFleet(server);
    const { ledger, exitCode } = await run(bench, fleet, {
      GITHUB_SHA: 'abcdef0',
      GITHUB_ACTOR: 'ada',
      GITHUB_RUN_ID: '7',
    });
    try {
      expect(exitCode).toBe(0);
      let known: unknown[] = [];
      await waitFor('the end of the run in the fleet', () => {
        void fleet.read('SELECT status, ci FROM invocations').then((rows) => (known = rows));
        return JSON.stringify(known).includes('completed');
      });
      await expectLedger(fleet, ledger);
      expect(known).toMatchObject([{ ci: { system: 'github', run: '7' } }]);
      expect(await fleet.read('SELECT DISTINCT name FROM users JOIN responses ON usr = users.id')).toEqual([
        { name: 'ada' },
      ]);
    } finally {
      await endPushes(bench.folder);
    }
  });

  test('is sent before its end where the target says so, with the exit code of Codex', async ({ bench }) => {
    const fleet = await createFleet(server);
    const { ledger, exitCode } = await run(bench, fleet, { CODEX_METERED_FLEET_WAIT: '20s' });
    try {
      expect(exitCode).toBe(0);
      await expectLedger(fleet, ledger);
      expect(await fleet.read('SELECT status FROM invocations')).toEqual([{ status: 'completed' }]);
    } finally {
      await endPushes(bench.folder);
    }
  });

  test('ends as without one where the target cannot be reached', async ({ bench }) => {
    bench.api.add(LOOP, LOOP);
    const env = { CODEX_METERED_FLEET_URL: 'postgres://pusher@127.0.0.1:1/usage', CODEX_METERED_FLEET_WAIT: '300ms' };
    const metered = await bench.run(['exec', '--json', 'loop'], { env });
    try {
      const alone = await bench.run(['exec', '--json', 'loop'], { direct: true });
      expect([metered.exitCode, metered.stderr]).toEqual([alone.exitCode, alone.stderr]);
      expect(metered.ledger).toHaveLength(2);
    } finally {
      await endPushes(bench.folder);
    }
  });

  test('ends while its push still waits for a server that takes the connection and says nothing', async ({ bench }) => {
    const connected: Socket[] = [];
    const silent = createServer((socket) => void connected.push(socket));
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    bench.api.add(LOOP);
    const url = `postgres://pusher@127.0.0.1:${port}/usage?sslmode=disable`;
    const env = { CODEX_METERED_FLEET_URL: url };
    try {
      expect(await bench.run(['exec', '--json', 'loop'], { env })).toMatchObject({ exitCode: 0 });
      await waitFor('the connection', () => connected.length > 0);
      expect(listProcesses(bench.folder).filter(({ command }) => command.includes(' push '))).toHaveLength(1);
      const [connection] = connected;
      expect(connection?.closed).toBe(false);
    } finally {
      await endPushes(bench.folder);
      for (const socket of connected) socket.destroy();
    }
  });
});

describe('a metered run without a target', () => {
  test('loads nothing of the fleet, and starts no process for it', async ({ bench }) => {
    bench.api.add(LOOP, LOOP);
    const seen = join(bench.folder, 'seen');
    const spy = join(bench.folder, 'spy.cjs');
    writeFileSync(spy, SPY);
    const run = async (env = {}) => {
      rmSync(seen, { force: true });
      const { exitCode } = await bench.run(['exec', '--json', 'loop'], {
        env: { NODE_OPTIONS: `--require ${spy}`, CODEX_METERED_SEEN: seen, ...env },
      });
      expect(exitCode).toBe(0);
      return readFileSync(seen, 'utf8')
        .split('\n')
        .filter((line) => /\bfleet\.cjs|usage\.cjs|\bpg\b| push /.test(line));
    };
    expect(await run()).toEqual([]);
    // What is looked for is seen where a target is set.
    const pushed = await run({ CODEX_METERED_FLEET_URL: 'postgres://pusher@127.0.0.1:1/usage' });
    await endPushes(bench.folder);
    expect(pushed).toContainEqual(expect.stringMatching(/usage\.cjs push --watch/));
  });
});

/** Loaded into each Node process of a run: notes the files that it reads and the programs that it starts. */
const SPY = `
  const fs = require('node:fs');
  const child = require('node:child_process');
  const note = (text) => process.env.CODEX_METERED_SEEN && append(process.env.CODEX_METERED_SEEN, text + '\\n');
  const append = fs.appendFileSync;
  for (const name of ['readFileSync', 'openSync']) {
    const real = fs[name];
    fs[name] = function (path, ...rest) {
      if (typeof path === 'string' && !path.endsWith('seen')) note(name + ' ' + path);
      return real.call(this, path, ...rest);
    };
  }
  const spawn = child.spawn;
  child.spawn = function (file, argv, ...rest) {
    note('spawn ' + [file, ...(Array.isArray(argv) ? argv : [])].join(' '));
    return spawn.call(this, file, argv, ...rest);
  };
  require('node:module').syncBuiltinESMExports();
`;
