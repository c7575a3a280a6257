import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { openConnection } from '../../src/store/open.js';
import { iterateAll } from '../../src/store/outbox.js';
import { readOutboxRows } from '../../src/store/outbox-rows.js';
import { toResponseId } from '../../src/usage/response-id.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { USAGE, type Workbench } from '../harness/workbench.js';
import { createClaudeHome, readFamily } from '../history/claude-family.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import type { Scenario } from '../scripted-api/script.js';
import { createFolder } from '../store/samples.js';
import { createFleet, endPushes, type Fleet } from './fleet.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const LOOP: Scenario = {
  prompt: 'loop',
  replies: [
    {
      calls: [{ tool: 'exec_command', cmd: 'echo one' }],
      usage: { input: 5000, cached: 256, output: 70, reasoning: 11 },
    },
    { message: 'Done.', usage: { input: 5900, cached: 5376, cacheWrite: 128, output: 33 } },
  ],
};

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

  test('and a push that is killed at any moment, and one more, give the fleet each response once', async ({
    bench,
  }) => {
    const fleet = await createFleet(server);
    bench.api.add(LOOP);
    const { ledger } = await bench.run(['exec', '--json', 'loop']);
    const env = { ...bench.env, CODEX_METERED_FLEET_URL: fleet.url };
    for (let delayMs = 0; delayMs <= 400; delayMs += 40) {
      const push = execa(process.execPath, [USAGE, 'push', '--full'], { env, extendEnv: false, reject: false });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      push.kill('SIGKILL');
      await push;
    }
    const whole = await execa(process.execPath, [USAGE, 'push'], { env, extendEnv: false });
    expect(whole.exitCode).toBe(0);
    await expectLedger(fleet, ledger);
    expect(await fleet.read('SELECT count(*)::int AS n FROM stores')).toEqual([{ n: 1 }]);
    expect(readdirSync(join(bench.folder, 'data')).filter((name) => /push|watch/.test(name))).toEqual([]);
  });
});
