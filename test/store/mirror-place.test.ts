import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMirrors } from './mirrors.js';
import { sampleInvocation, sampleResponse } from './samples.js';

const DONE = { status: 'completed' } as const;
const MADE_UP = {
  runId: '2026-03-04',
  origins: { project: 'git', run: 'default', phase: 'default', iteration: 'default' },
} as const;

/** Another program's database with a project for each folder that is named. */
function setUp(projects: Record<string, string>, runs: Record<string, string> = {}) {
  const { folder, center, store, open, mirrorAgain } = createMirrors();
  for (const [id, path] of Object.entries(projects)) {
    mkdirSync(join(folder, path), { recursive: true });
    center.connection.prepare('INSERT INTO projects VALUES (?, ?, ?)').run(id, id, join(folder, path));
  }
  for (const run of Object.entries(runs)) center.connection.prepare('INSERT INTO runs VALUES (?, ?)').run(...run);
  return {
    ...{ folder, center },
    /** The project and the run that the record of such an invocation has there; undefined where it is not there. */
    async place(facts: Parameters<typeof sampleInvocation>[1]) {
      const mirror = open();
      const change = { invocation: sampleInvocation('a', facts), update: DONE, responses: [sampleResponse('1')] };
      mirror.watch(store).record(change);
      await mirror.finish();
      const [row] = center.rows();
      return row && [row.project_id, row.run_id];
    },
    again() {
      mirrorAgain(['a']);
      return center.rows().map(({ project_id, run_id }) => [project_id, run_id]);
    },
    notes: () => store.connection.prepare('SELECT kind, reason, figures FROM notes').all(),
  };
}

describe('the project of a record in another program’s table', () => {
  test('is that of the run there, wherever the run works', async () => {
    const { folder, place } = setUp({ 'shop-1a': 'shop', 'bakery-2b': 'bakery' }, { 'nightly-7': 'bakery-2b' });
    expect(await place({ cwd: join(folder, 'shop') })).toEqual(['bakery-2b', 'nightly-7']);
  });

  test.for<[string, string, string | undefined]>([
    ['the folder itself', 'shop', 'shop-1a'],
    ['a folder in it', 'shop/src/tills', 'shop-1a'],
    ['the nearer one of two that hold it', 'shop/packages/api/src', 'api-3c'],
    ['a folder whose name only begins like it', 'shop-old/src', undefined],
  ])('is the one whose folder holds %s', async ([, cwd, expected]) => {
    const { folder, place } = setUp({ 'shop-1a': 'shop', 'api-3c': 'shop/packages/api' });
    const found = await place({ cwd: join(folder, cwd), attribution: MADE_UP });
    expect(found).toEqual(expected && [expected, null]);
  });

  test.for<[string, Record<string, string>, string, string]>([
    ['the main work tree', { 'api-3c': 'shop/packages/api', center: '.' }, 'packages/api', 'api-3c'],
    ['the work tree itself where the program has it as a project', { 'tree-4d': 'trees/thread-1' }, 'src', 'tree-4d'],
  ])('is, for a work tree that lies elsewhere or is gone, that of %s', async ([, more, cwd, expected]) => {
    const { folder, place } = setUp({ 'shop-1a': 'shop', ...more });
    const root = join(folder, 'trees', 'thread-1');
    const workTree = { root, repository: join(folder, 'shop') };
    expect(await place({ cwd: join(root, cwd), workTree, attribution: MADE_UP })).toEqual([expected, null]);
  });

  test('is found by the path of the answer where the working directory is in none', async () => {
    const { folder, place } = setUp({ 'shop-1a': 'shop' });
    const outputPath = join(folder, 'shop/.system/utility/handoff-1.output.txt');
    expect(await place({ cwd: '/', outputPath, attribution: MADE_UP })).toEqual(['shop-1a', null]);
  });

  test('is found through links, on either side, and in folders that were removed since', async () => {
    const { folder, center, place } = setUp({ 'shop-1a': 'shop' });
    mkdirSync(join(folder, 'disk/tills/old'), { recursive: true });
    symlinkSync(join(folder, 'disk/tills'), join(folder, 'tills'));
    symlinkSync(join(folder, 'shop'), join(folder, 'here'));
    center.connection.prepare('INSERT INTO projects VALUES (?, ?, ?)').run('tills-5e', 'tills', join(folder, 'tills'));
    rmSync(join(folder, 'disk/tills/old'), { recursive: true });
    expect(await place({ cwd: join(folder, 'disk/tills/old'), attribution: MADE_UP })).toEqual(['tills-5e', null]);
  });

  test('is ours where no folder holds it', async () => {
    const { place } = setUp({ shop: 'shop', 'bakery-2b': 'bakery' });
    expect(await place({ cwd: '/home/ada', attribution: MADE_UP })).toEqual(['shop', null]);
  });

  test.for(['ALTER TABLE projects DROP COLUMN path', 'ALTER TABLE runs DROP COLUMN project_id'])(
    'is ours, or found in another way, with a table that was changed by %s',
    async (sql) => {
      const { folder, center, place } = setUp({ shop: 'shop' }, {});
      center.connection.pragma('foreign_keys = OFF');
      center.connection.exec(`DROP TABLE runs; CREATE TABLE runs (id TEXT PRIMARY KEY, project_id TEXT)`);
      center.connection.exec(`INSERT INTO runs VALUES ('nightly-7', 'shop'); ${sql}`);
      expect(await place({ cwd: join(folder, 'shop') })).toEqual(['shop', 'nightly-7']);
    },
  );

  test('is ours in a database that has neither projects nor runs', async () => {
    const { center, place } = setUp({});
    center.connection.exec(`
      CREATE TABLE alone AS SELECT * FROM cost_records; DROP TABLE cost_records; DROP TABLE runs; DROP TABLE projects;
      ALTER TABLE alone RENAME TO cost_records`);
    expect(await place({})).toEqual(['shop', 'nightly-7']);
  });
});

describe('the run of a record in another program’s table', () => {
  test('is none where nobody named one', async () => {
    const { place, notes } = setUp({ shop: 'shop' });
    expect(await place({ attribution: MADE_UP })).toEqual(['shop', null]);
    expect(notes()).toEqual([]);
  });

  test('is the day that we call it after where the table must have one', async () => {
    const { center, place } = setUp({ shop: 'shop' });
    const columns = center.connection.prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE name = 'cost_records'`);
    const schema = (columns.pluck().get() ?? '').replace(/run_id TEXT.*,/, 'run_id TEXT NOT NULL,');
    center.connection.exec(`DROP TABLE cost_records; ${schema}`);
    expect(await place({ attribution: MADE_UP })).toEqual(['shop', '2026-03-04']);
  });

  test('is waited for while the program may yet make its row', async () => {
    const { center, place, again } = setUp({ shop: 'shop' });
    expect(await place({ startedAtMs: Date.now() - 60_000 })).toBeUndefined();
    center.connection.exec(`INSERT INTO runs VALUES ('nightly-7', 'shop')`);
    expect(again()).toEqual([['shop', 'nightly-7']]);
  });

  test('is none, with a note, when its row has not come in time, and is named when it comes after all', async () => {
    const { center, place, again, notes } = setUp({ shop: 'shop' });
    expect(await place({ startedAtMs: Date.now() - 10 * 60_000 })).toEqual(['shop', null]);
    expect(notes()).toMatchObject([{ kind: 'fault', figures: '{"run":"nightly-7"}' }]);
    center.connection.exec(`INSERT INTO runs VALUES ('nightly-7', 'shop')`);
    expect(again()).toEqual([['shop', 'nightly-7']]);
  });
});
