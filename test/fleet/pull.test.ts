import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/store.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { runUsage } from '../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../store/samples.js';
import { createFleet, type Fleet } from './fleet.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const A = '0b6f1f0e-3d0c-4c53-9d55-111111111111';
const B = '0b6f1f0e-3d0c-4c53-9d55-222222222222';

/** A machine with a database, its settings, and codex-usage. */
function createMachine(settings: string) {
  const folder = createFolder();
  const database = join(folder, 'usage.db');
  const config = join(folder, 'config', 'codex-metered', 'codex-metered.toml');
  mkdirSync(join(config, '..'), { recursive: true });
  writeFileSync(config, settings);
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), CODEX_METERED_STATE_DIR: join(folder, 'state'), HOME: folder };
  return {
    database,
    team: join(folder, 'team.db'),
    config,
    usage: (...args: string[]) => runUsage(args, { database, cwd: folder, env }),
    async json(...args: string[]) {
      const { stdout } = await runUsage([...args, '--json'], { database, cwd: folder, env });
      return JSON.parse(stdout);
    },
    record(work: (store: Store) => void) {
      const store = openStore(database, { mode: 'write', busyTimeoutMs: 5000 });
      work(store);
      store.close();
    },
  };
}

describe.skipIf(NO_POSTGRES !== undefined)('codex-usage pull', () => {
  let server: PostgresServer;
  let fleet: Fleet;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    fleet = await createFleet(server);
  });

  const machineOf = (user: string, team = 'core', more = '') =>
    createMachine(
      `time_zone = "UTC"\n[fleet.work]\nurl = "${fleet.url}"\nread_url = "${fleet.readUrl}"\nuser = "${user}"\nlabels = { team = "${team}" }\n${more}`,
    );
  type Machine = ReturnType<typeof machineOf>;
  const recordAndPush = async (
    machine: Machine,
    id: string,
    responses: readonly PricedResponse[],
    attribution = {},
  ) => {
    machine.record((store) => {
      store.record({
        invocation: sampleInvocation(id, { attribution }),
        update: { status: 'completed', exitCode: 0, endedAtMs: responses[0]?.completedAtMs ?? 0 },
        responses,
      });
    });
    expect(await machine.usage('push')).toMatchObject({ exitCode: 0 });
  };
  const two = async () => {
    const [ada, linus] = [machineOf('ada'), machineOf('linus', 'web')];
    await recordAndPush(ada, A, [sampleResponse('r1'), sampleResponse('r2', { usage: { input: 500 } })]);
    const of = { projectId: 'infra', runId: 'weekly', phase: 'reviewer' as const };
    await recordAndPush(linus, B, [sampleResponse('l1', { threadId: 'other', model: 'gpt-5.4' })], of);
    return { ada, linus };
  };

  it('brings what all machines have pushed, for every report', async () => {
    const { ada } = await two();
    const { exitCode, stdout, stderr } = await ada.usage('pull');
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: 'work: pulled 3 responses and 2 invocations that are new or have changed.\n',
      stderr: '',
    });
    const totals = { inputTokens: 2500, outputTokens: 600, responseCount: 3, costUsd: 0.0073 };
    expect((await ada.json('monthly')).totals).toMatchObject({ inputTokens: 1500 });
    expect(await ada.json('monthly', '--fleet')).toMatchObject({ monthly: [{ month: '2026-03' }], totals });
    for (const report of ['daily', 'model', 'project', 'phase']) {
      expect((await ada.json(report, '--fleet')).totals).toMatchObject(totals);
    }
    expect((await ada.json('phase', '--fleet')).phases).toMatchObject([
      { phase: 'builder', invocationCount: 1, inputTokens: 1500 },
      { phase: 'reviewer', invocationCount: 1, inputTokens: 1000 },
    ]);
    expect(await ada.json('run', 'weekly', '--fleet')).toMatchObject({
      totals: { inputTokens: 1000, costUsd: 0.0026 },
    });
    expect((await ada.usage('why', 'weekly', '--fleet')).exitCode).toBe(0);
    expect((await ada.usage('export', '--fleet')).stdout.trim().split('\n')).toHaveLength(4);
  });

  it('brings corrections, other prices, moves and what is gone, once each, however often it is called', async () => {
    const { ada, linus } = await two();
    await linus.usage('pull');
    expect((await linus.usage('pull')).stdout).toMatch(/^work: pulled \d/);
    ada.record(({ connection }) => {
      connection.exec("UPDATE response_rows SET input_tokens = 1100, cost_nano_usd = 7 WHERE response_key = 'r1'");
      connection.exec("DELETE FROM response_rows WHERE response_key = 'r2'");
    });
    await ada.usage('push');
    expect(await linus.json('pull')).toMatchObject({ outcome: 'pulled', deleted: 1 });
    expect((await linus.json('project', '--fleet')).projects).toMatchObject([
      { projectId: 'infra', inputTokens: 1000, responseCount: 1 },
      { projectId: 'shop', inputTokens: 1100, responseCount: 1, costUsd: 7e-9 },
    ]);
    ada.record(({ connection }) => connection.exec("UPDATE invocations SET project_id = 'moved'"));
    await ada.usage('push', '--full');
    await linus.usage('pull');
    const fresh = await linus.json('project', '--fleet');
    expect(fresh.projects).toMatchObject([{ projectId: 'infra' }, { projectId: 'moved', inputTokens: 1100 }]);
    await linus.usage('pull', '--full');
    expect(await linus.json('project', '--fleet')).toEqual(fresh);
  });
});
