import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { openControlCenter } from '../../harness/control-center.js';
import { USAGE } from '../../harness/workbench.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

const PRICE = '[[prices]]\nmodel = "gpt-5.3-codex"\ninput = 1000\noutput = 0\n';
const AN_HOUR_AGO = new Date(Date.now() - 3_600_000);
const COUNTS = { type: 'turn.completed', usage: { input_tokens: 900, cached_input_tokens: 0, output_tokens: 10 } };

/** A project whose configuration names another program's database, with one metered invocation from before. */
function setUp(parents: Parameters<typeof openControlCenter>[1], said: 'in the file' | 'nowhere' = 'in the file') {
  const folder = createFolder();
  const center = openControlCenter(join(folder, 'center.db'), parents);
  onTestFinished(() => void center.connection.close());
  const database = join(folder, 'usage.db');
  const update = { status: 'completed' } as const;
  recordedIn([{ invocation: sampleInvocation('a'), update, responses: [sampleResponse('1')] }], database);
  const key = said === 'nowhere' ? '' : 'cost_records = "center.db"\n';
  writeFileSync(join(folder, 'codex-metered.toml'), key + PRICE);
  const kept = join(folder, 'runs', 'nightly-7', 'builder', 'iter-2');
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, 'codex.log'), `${JSON.stringify(COUNTS)}\n`);
  utimesSync(join(kept, 'codex.log'), AN_HOUR_AGO, AN_HOUR_AGO);
  const state = join(folder, 'state');
  const nothing = join(folder, 'nothing');
  const env = { CODEX_METERED_STATE_DIR: state, CODEX_HOME: nothing, CLAUDE_CONFIG_DIR: nothing };
  return {
    center,
    usage: (args: string[], more: NodeJS.ProcessEnv = {}) =>
      runUsage(args, { database, cwd: folder, env: { ...env, ...more } }),
    /** The real command, in a folder without a configuration. */
    later: (args: string[]) =>
      execa(process.execPath, [USAGE, ...args], { env: { ...env, CODEX_METERED_DB: database }, cwd: state }),
    queued: () => (existsSync(join(state, 'mirror')) ? readdirSync(join(state, 'mirror')).length : 0),
  };
}

const IMPORT = ['import', '--runs', 'runs', '--project', 'shop'];
const PARENTS = { projects: ['shop'], runs: ['nightly-7'] };

describe("another program's cost_records", () => {
  it('have the costs that a repricing gives', async () => {
    const { center, usage, queued } = setUp(PARENTS);
    expect((await usage(['reprice', '--dry-run'])).exitCode).toBe(0);
    expect(center.rows()).toEqual([]);
    expect((await usage(['reprice'])).exitCode).toBe(0);
    expect(center.rows()).toMatchObject([
      { run_id: 'nightly-7', input_tokens: 1000, total_cost_usd: expect.any(Number) },
    ]);
    expect(center.rows()[0]?.total_cost_usd).toBeGreaterThan(0.5);
    expect(queued()).toBe(0);
  });

  it('have the runs from before the metering that an import takes in, once', async () => {
    const { center, usage, queued } = setUp(PARENTS);
    for (const _time of ['first', 'second']) {
      expect((await usage(IMPORT)).exitCode).toBe(0);
      expect(center.rows()).toMatchObject([
        { project_id: 'shop', category: 'builder', is_actual: 0, input_tokens: 900 },
      ]);
    }
    expect(queued()).toBe(0);
  });

  it.each([['reprice'], IMPORT])('get what %s changes once the rows are there that it refers to', async (...args) => {
    const { center, usage, later, queued } = setUp({});
    expect((await usage(args)).exitCode).toBe(0);
    expect([center.rows(), queued()]).toEqual([[], 1]);
    center.connection.exec(`INSERT INTO projects (id, name) VALUES ('shop', 'shop')`);
    center.connection.exec(`INSERT INTO runs VALUES ('nightly-7', 'shop')`);
    await later(['run', 'nightly-7']);
    expect(center.rows()).toMatchObject([{ run_id: 'nightly-7' }]);
    expect(queued()).toBe(0);
  });

  it('are those of the environment before those of the file, and none where neither names any', async () => {
    const { center, usage, queued } = setUp(PARENTS);
    await usage(['reprice'], { CODEX_METERED_COST_RECORDS: `${center.path}.elsewhere` });
    expect([center.rows(), queued()]).toEqual([[], 1]);
    const without = setUp(PARENTS, 'nowhere');
    await without.usage(['reprice']);
    await without.usage(IMPORT);
    expect([without.center.rows(), without.queued()]).toEqual([[], 0]);
  });
});
