import { mkdirSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished } from 'vitest';
import { type ControlCenter, openControlCenter } from '../harness/control-center.js';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import { USAGE, type Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { callThenAnswer } from '../scripted-api/scenarios.js';
import { shell, turn, UNFINISHED } from '../scripted-api/script.js';

function openMirror(bench: Workbench, parents: Parameters<typeof openControlCenter>[1]) {
  const center = openControlCenter(join(bench.folder, 'control-center.db'), parents);
  onTestFinished(() => void center.connection.close());
  bench.api.add(callThenAnswer('work', 'Done.'));
  const env = {
    CODEX_METERED_COST_RECORDS: center.path,
    CODEX_METERED_COST_RECORDS_ESTIMATES: 'keep',
    CODEX_METERED_RUN_ID: 'r1',
  };
  const queue = join(bench.stateFolder, 'mirror');
  return { center, env, queued: () => readdirSync(queue).length };
}

/** The runner's own summary of what it paid for, by `group`. */
function summarise({ connection }: ControlCenter, group: string) {
  return connection
    .prepare(
      `SELECT ${group} AS part, sum(input_tokens) AS input, sum(output_tokens) AS output, sum(is_actual) = count(*) AS certain
       FROM cost_records WHERE run_id = 'r1' GROUP BY part ORDER BY part`,
    )
    .all();
}

function billed(part: string, ledger: readonly LedgerEntry[]) {
  const { input, output } = sumLedger(ledger);
  return { part, input, output, certain: 1 };
}

describe("another program's cost_records", () => {
  test('have what the API billed, by category, day and month', async ({ bench }) => {
    const { center, env, queued } = openMirror(bench, { projects: ['shop'], runs: ['r1'] });
    const built = await bench.run(['exec', '--json', 'work'], { env: { ...env, CODEX_METERED_PHASE: 'builder' } });
    const reviewed = await bench.run(['exec', 'work'], { env: { ...env, CODEX_METERED_PHASE: 'reviewer' } });
    expectExact(bench, built);
    expect(queued()).toBe(0);
    expect(summarise(center, 'category')).toEqual([
      billed('builder', built.ledger),
      billed('reviewer', reviewed.ledger),
    ]);
    const all = [...built.ledger, ...reviewed.ledger];
    const days = [...new Set(all.map(({ completedAtMs }) => new Date(completedAtMs).toISOString().slice(0, 10)))];
    const ofDay = (day: string) =>
      all.filter(({ completedAtMs }) => new Date(completedAtMs).toISOString().startsWith(day));
    expect(summarise(center, 'date(created_at)')).toEqual(days.map((day) => billed(day, ofDay(day))));
    const months = [...new Set(days.map((day) => day.slice(0, 7)))];
    expect(summarise(center, "strftime('%Y-%m', created_at)")).toEqual(
      months.map((month) => billed(month, ofDay(month))),
    );
  });

  test('are found by the configuration of the project alone', async ({ bench }) => {
    const { center, queued } = openMirror(bench, { projects: ['shop'], runs: ['r1'] });
    await writeFile(
      join(bench.workTree, 'codex-metered.toml'),
      `cost_records = ${JSON.stringify(center.path)}\ncost_records_estimates = "keep"\n`,
    );
    const run = await bench.run(['exec', '--json', 'work'], { env: { CODEX_METERED_RUN_ID: 'r1' } });
    expect(summarise(center, 'run_id')).toEqual([billed('r1', run.ledger)]);
    expect(queued()).toBe(0);
  });

  test('have no row of that program’s own beside ours, a moment after it has seen the end', async ({ bench }) => {
    const { center, env } = openMirror(bench, { projects: ['shop'], runs: ['r1'] });
    center.connection.prepare('UPDATE projects SET path = ?').run(bench.workTree);
    const output = join(bench.workTree, '.system', 'runs', 'r1', 'builder', 'iter-1', 'result.json');
    mkdirSync(dirname(output), { recursive: true });
    const paths = { CODEX_METERED_COST_RECORDS: env.CODEX_METERED_COST_RECORDS };
    const built = await bench.run(['exec', '--json', '-o', output, 'work'], { env: paths });
    center.estimate({ id: 'guess', run_id: 'r1', created_at: new Date().toISOString() });
    await expect
      .poll(() => summarise(center, 'category'), { timeout: 30_000 })
      .toEqual([billed('builder', built.ledger)]);
    const drafted = await bench.run(['exec', '--json', 'work'], { env: paths });
    center.estimate({ id: 'other', run_id: null, category: 'other', created_at: new Date().toISOString() });
    const rows = () => center.rows().map(({ project_id, run_id, is_actual }) => ({ project_id, run_id, is_actual }));
    await expect.poll(rows, { timeout: 30_000 }).toEqual([
      { project_id: 'shop', run_id: 'r1', is_actual: 1 },
      { project_id: 'shop', run_id: null, is_actual: 1 },
    ]);
    expectExact(bench, drafted);
  });

  test('are written while Codex works', async ({ bench }) => {
    const { center, env } = openMirror(bench, { projects: ['shop'], runs: ['r1'] });
    bench.api.add(turn('endless', shell('echo one', { input: 700, output: 7 }), UNFINISHED));
    const run = bench.start(['exec', '--json', 'endless'], { env });
    await expect.poll(() => center.rows(), { timeout: 30_000 }).toMatchObject([{ input_tokens: 700 }]);
    run.kill('SIGTERM');
    await run.ended;
  });

  test('get from a later command what a lock, or a row that was missing, kept from them', async ({ bench }) => {
    const { center, env, queued } = openMirror(bench, { projects: ['shop'] });
    center.connection.exec('BEGIN IMMEDIATE');
    const direct = await bench.run(['exec', 'work'], { direct: true });
    const locked = await bench.run(['exec', 'work'], { env });
    expect(locked).toMatchObject({ exitCode: direct.exitCode, stdout: direct.stdout });
    center.connection.exec('COMMIT');
    const early = await bench.run(['exec', 'work'], { env });
    expectExact(bench, locked);
    expectExact(bench, early);
    expect(center.rows()).toEqual([]);
    expect(queued()).toBe(2);
    center.connection.exec(`INSERT INTO runs VALUES ('r1', 'shop')`);
    await execa(process.execPath, [USAGE, 'run', 'r1'], { env: bench.env, cwd: bench.workTree });
    expect(summarise(center, 'run_id')).toEqual([billed('r1', [...locked.ledger, ...early.ledger])]);
    expect(queued()).toBe(0);
  });
});
