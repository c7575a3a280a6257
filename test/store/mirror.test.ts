import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readValue } from '../../src/store/sql.js';
import type { ControlCenter } from '../harness/control-center.js';
import { waitFor } from '../harness/wait.js';
import { createCenter, createMirrors } from './mirrors.js';
import { sampleInvocation, sampleResponse } from './samples.js';

const DONE = { status: 'completed' } as const;

function setUp(parents: Parameters<typeof createMirrors>[0] = { projects: ['shop'], runs: ['nightly-7'] }) {
  const { store: own, mirrorDirectory, open: openMirror, ...mirrors } = createMirrors(parents);
  const open = (costRecords?: string) => {
    const mirror = openMirror(costRecords);
    return { mirror, store: mirror.watch(own) };
  };
  const queued = () => (existsSync(mirrorDirectory) ? readdirSync(mirrorDirectory).length : 0);
  return { ...mirrors, ...open(), own, open, queued, mirrorDirectory };
}

const totals = ({ rows }: ControlCenter) => rows().map(({ id, input_tokens }) => [id, input_tokens]);

describe('a mirror of the cost records', () => {
  test('keeps the thirteen columns up to date and leaves the others alone', async () => {
    const { store, mirror, center, queued } = setUp();
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('r1')] });
    await mirror.finish();
    expect(center.rows()).toMatchObject([
      {
        ...{ id: 'a/gpt-5.3-codex/actual', project_id: 'shop', run_id: 'nightly-7', category: 'builder' },
        ...{ input_tokens: 1000, output_tokens: 200, is_actual: 1, total_cost_usd: 0.0026, tags: '[]' },
      },
    ]);
    center.connection.exec(`UPDATE cost_records SET reviewed_by = 'ada', tags = '["x"]'`);
    store.record({ invocation: { id: 'a' }, update: DONE, responses: [sampleResponse('r2')] });
    await mirror.finish();
    expect(center.rows()).toMatchObject([{ input_tokens: 2000, reviewed_by: 'ada', tags: '["x"]' }]);
    expect(queued()).toBe(0);
  });

  test('follows a response to the record of better evidence, and touches no other row', async () => {
    const { store, mirror, center } = setUp();
    center.connection.exec(
      `INSERT INTO cost_records (id, project_id, category, created_at) VALUES ('theirs', 'shop', 'other', '2026')`,
    );
    const guess = sampleResponse('r1', { evidence: 'tokenizer', source: 'estimated' });
    store.record({ invocation: sampleInvocation('a'), responses: [guess] });
    await mirror.finish();
    store.record({ invocation: { id: 'a' }, update: DONE, responses: [sampleResponse('r1')] });
    await mirror.finish();
    expect(center.rows().map(({ id }) => id)).toEqual(['theirs', 'a/gpt-5.3-codex/actual']);
  });

  test('writes while a run goes on, without being asked', async () => {
    const { store, center } = setUp();
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('r1')] });
    await waitFor('the record', () => center.rows().length === 1);
  });

  test('waits until the other program has made the project that it refers to', async () => {
    const { store, mirror, center, warned, queued, open } = setUp({});
    store.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    const other = sampleInvocation('b', { attribution: { projectId: 'elsewhere' } });
    store.record({ invocation: other, update: DONE, responses: [sampleResponse('r2')] });
    await mirror.finish();
    expect(center.rows()).toEqual([]);
    expect(queued()).toBe(2);
    expect(warned).toContain('it has no project "shop", and none whose folder holds /home/ada/shop');
    center.connection.exec(`INSERT INTO projects (id, name) VALUES ('shop', 'shop')`);
    // Also a command that names no other database does what is queued.
    const told = warned.length;
    open('none').mirror.catchUp();
    expect(totals(center)).toEqual([['a/gpt-5.3-codex/actual', 1000]]);
    expect(queued()).toBe(1);
    // That the other one waits was told when it was recorded.
    expect(warned).toHaveLength(told);
  });

  test('leaves to a later command what a lock keeps from it', async () => {
    const { store, mirror, center, warned, queued, open } = setUp();
    center.connection.exec('BEGIN IMMEDIATE');
    store.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    await mirror.finish();
    expect(warned).toEqual(['it stayed locked']);
    expect(queued()).toBe(1);
    center.connection.exec('COMMIT');
    open().mirror.catchUp();
    expect(totals(center)).toHaveLength(1);
    expect(queued()).toBe(0);
  });

  test.for([
    ['there is no such file', 'DROP TABLE runs', true],
    ['there is no such table', 'DROP TABLE cost_records', false],
    ['it lacks a column', 'ALTER TABLE cost_records DROP COLUMN model', false],
  ] as const)('keeps what it cannot write because %s', async ([, sql, missing]) => {
    const { center, warned, queued, open } = setUp();
    center.connection.exec(sql);
    const { store, mirror } = open(missing ? `${center.path}.missing` : center.path);
    store.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    await mirror.finish();
    expect(warned).toHaveLength(1);
    expect(queued()).toBe(1);
    expect(existsSync(`${center.path}.missing`)).toBe(false);
  });

  test('queues what a change announces before it is made, so that one that dies is made up for', async () => {
    const { own, mirror, center, queued, open } = setUp();
    own.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    const died = new Error('as if killed');
    const change = (expect: (id: string) => void) => {
      expect('a');
      throw Object.assign(died, { queued: queued() });
    };
    await expect(mirror.during(own, change)).rejects.toMatchObject({ queued: 1 });
    expect(totals(center)).toEqual([['a/gpt-5.3-codex/actual', 1000]]);
    expect(queued()).toBe(0);
    await open('none').mirror.during(own, (expect) => expect('a'));
    expect(queued()).toBe(0);
  });

  test('is stopped by no bad entry of its queue: they are set aside', { timeout: 20_000 }, async () => {
    const { own, open, center, mirrorDirectory, queued } = setUp();
    own.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    mkdirSync(mirrorDirectory);
    const at = (name: string) => join(mirrorDirectory, name);
    const long = new Date(1000);
    for (let index = 0; index < 250; index++) writeFileSync(at(`cut-${index}.json`), '{"path":');
    writeFileSync(at('other-name.json'), JSON.stringify({ path: center.path, invocationId: 'a' }));
    writeFileSync(at('number.json'), JSON.stringify({ path: 7, invocationId: 'a' }));
    for (const name of readdirSync(mirrorDirectory)) utimesSync(at(name), long, long);
    mkdirSync(at('folder.json'));
    execFileSync('mkfifo', [at('pipe.json')]);
    symlinkSync('/dev/zero', at('link.json'));
    const { mirror } = open();
    mirror.expect('a');
    open('none').mirror.catchUp();
    expect(totals(center)).toEqual([['a/gpt-5.3-codex/actual', 1000]]);
    expect(readdirSync(mirrorDirectory)).toEqual(['refused']);
    expect(readdirSync(at('refused'))).toHaveLength(2 * 255);
    open('none').mirror.catchUp();
    expect(queued()).toBe(1);
  });

  test('passes over a target that is no file', { timeout: 20_000 }, () => {
    const { own, open, center, warned } = setUp();
    own.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    const pipe = `${center.path}.pipe`;
    execFileSync('mkfifo', [pipe]);
    for (const target of [pipe, '/dev/zero', center.path]) open(target).mirror.expect('a');
    open('none').mirror.catchUp();
    expect(totals(center)).toHaveLength(1);
    // In the order of their times, which may be the same.
    expect(warned.toSorted()).toEqual(['/dev/zero is not a file', `${pipe} is not a file`].toSorted());
  });

  test('holds the place of an invocation that no database has recorded yet', async () => {
    const { open, center, queued } = setUp();
    const first = open();
    first.mirror.expect('a');
    await first.mirror.finish();
    expect(queued()).toBe(1);
    const second = open();
    second.mirror.catchUp();
    expect(queued()).toBe(1);
    second.store.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    second.mirror.catchUp();
    expect(totals(center)).toHaveLength(1);
    expect(queued()).toBe(0);
  });

  test('an unpriced record has no cost there either, or costs 0 where the table takes no NULL and says so', async () => {
    const { store, mirror, center } = setUp();
    const unpriced = { costNanoUsd: undefined, price: undefined };
    store.record({ invocation: sampleInvocation('0'), update: DONE, responses: [sampleResponse('r0', unpriced)] });
    await mirror.finish();
    expect(center.rows()).toMatchObject([{ total_cost_usd: null, input_tokens: 1000 }]);
    const sql = readValue<string>(center.connection, "SELECT sql FROM sqlite_schema WHERE name = 'cost_records'") ?? '';
    center.connection.exec(`DROP TABLE cost_records; ${sql.replaceAll(' REAL', ' REAL NOT NULL')}`);
    const other = sampleResponse('r3', { model: 'gpt-99', ...unpriced });
    const responses = [sampleResponse('r1'), sampleResponse('r2', unpriced), other];
    store.record({ invocation: sampleInvocation('a'), update: DONE, responses });
    await mirror.finish();
    expect(center.rows()).toMatchObject([
      { total_cost_usd: 0.0026, description: 'builder iteration 2, codex exec, 2 responses, 1 of them unpriced' },
      {
        ...{ total_cost_usd: 0, input_cost_per_1k: 0, output_cost_per_1k: 0 },
        description: 'builder iteration 2, codex exec, 1 response, unpriced',
      },
    ]);
  });

  test('is not lost when the other database is deleted while it waits, and made anew', async () => {
    const { store, mirror, center, warned, queued, open } = setUp({});
    store.record({ invocation: sampleInvocation('a'), update: DONE, responses: [sampleResponse('r1')] });
    await mirror.finish();
    center.connection.close();
    rmSync(center.path);
    open().mirror.catchUp();
    expect(warned.at(-1)).toBe('there is no such file');
    expect(queued()).toBe(1);
    const anew = createCenter(center.path, { projects: ['shop'], runs: ['nightly-7'] });
    open().mirror.catchUp();
    expect(totals(anew)).toEqual([['a/gpt-5.3-codex/actual', 1000]]);
    expect(queued()).toBe(0);
  });

  test('is found by the folder in each of two databases that know it by another name', async () => {
    const { own, open, center } = setUp({});
    const other = createCenter(`${center.path}.other`);
    const folder = '/home/ada/shop';
    center.connection.prepare('INSERT INTO projects VALUES (?, ?, ?)').run('shop-1a', 'shop', folder);
    other.connection.prepare('INSERT INTO projects VALUES (?, ?, ?)').run('shop-2b', 'shop', folder);
    for (const [path, id] of [
      [center.path, 'a'],
      [other.path, 'b'],
    ] as const) {
      const { store, mirror } = open(path);
      const responses = [sampleResponse(id, { threadId: id })];
      store.record({ invocation: sampleInvocation(id), update: DONE, responses });
      await mirror.finish();
    }
    own.record({ invocation: { id: 'a' }, responses: [sampleResponse('r2', { threadId: 'a' })] });
    const { mirror } = open();
    for (const { mirror } of [open(), open(other.path)]) mirror.expect('a');
    mirror.watch(own);
    mirror.catchUp();
    expect(center.rows()).toMatchObject([{ project_id: 'shop-1a', input_tokens: 2000 }]);
    expect(other.rows().map(({ id, project_id }) => [id, project_id])).toEqual([
      ['a/gpt-5.3-codex/actual', 'shop-2b'],
      ['b/gpt-5.3-codex/actual', 'shop-2b'],
    ]);
  });
});
