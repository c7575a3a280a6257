import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PricedResponse } from '../../../src/usage/record.js';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { type ControlCenter, openControlCenter } from '../../harness/control-center.js';
import { createFolder, START, sampleInvocation, sampleResponse } from '../../store/samples.js';

const END = START + 5000;
const at = (ms: number) => new Date(ms).toISOString();

/** A runner's database that has been filled: an estimate of its own was replaced, and a chat stands there for which it had none. */
async function setUp(responses: readonly PricedResponse[] = [sampleResponse('1')], estimates = 'replace') {
  const folder = createFolder();
  const center = openControlCenter(join(folder, 'center.db'), { projects: ['shop'], runs: ['nightly-7'] });
  onTestFinished(() => void center.connection.close());
  center.estimate({
    id: 'guess',
    total_cost_usd: 0.1 + 0.2,
    description: 'it\'s "theirs"\n',
    created_at: at(END + 40),
  });
  center.estimate({ id: 'old', created_at: at(END - 900_000), reviewed_by: 'ada' });
  const before = center.rows();
  const database = join(folder, 'usage.db');
  const nothing = join(folder, 'nothing');
  const env = {
    ...{ CODEX_METERED_STATE_DIR: join(folder, 'state'), CODEX_HOME: nothing, CLAUDE_CONFIG_DIR: nothing },
    ...{ CODEX_METERED_COST_RECORDS: center.path, CODEX_METERED_COST_RECORDS_ESTIMATES: estimates },
  };
  const usage = (args: string[], more: NodeJS.ProcessEnv = {}) =>
    runUsage(args, { database, cwd: folder, env: { ...env, ...more } });
  const update = { status: 'completed', endedAtMs: END } as const;
  const chat = sampleInvocation('b', { attribution: { phase: 'chat' } });
  const chatted = { invocation: chat, update, responses: [sampleResponse('2', { threadId: 'b' })] };
  recordedIn([{ invocation: sampleInvocation('a'), update, responses }, chatted], database);
  // It gives the table what stands in the record.
  await usage(['reprice']);
  return { folder, center, usage, before };
}

const ids = ({ rows }: ControlCenter) => rows().map(({ id }) => id);
const OURS = ['a/gpt-5.3-codex/actual', 'b/gpt-5.3-codex/actual'];

async function readDoctor(usage: Awaited<ReturnType<typeof setUp>>['usage'], more: NodeJS.ProcessEnv = {}) {
  const { stdout } = await usage(['doctor', '--json'], more);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; text: string }[] };
  return checks.filter(({ name }) => name === 'cost records');
}

describe('codex-usage mirror', () => {
  it('shows what stands there', async () => {
    const { usage, center } = await setUp();
    expect(ids(center)).toEqual(['old', ...OURS]);
    const { stdout, exitCode } = await usage(['mirror']);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`${center.path}\n  2 invocations there, 1 of them instead of its own rows\n`);
    expect(JSON.parse((await usage(['mirror', '--json'])).stdout)).toMatchObject({
      kind: 'mirror',
      databases: [{ path: center.path, problem: null, invocations: 2, replaced: 1, undone: 0, waiting: [] }],
    });
  });

  it('takes ours out with --undo and puts back what stood there exactly, however often it is said', async () => {
    const { usage, center, before } = await setUp();
    const { stdout } = await usage(['mirror', '--undo']);
    expect(stdout).toContain('took out 2 rows of ours, and put back 1 row of its own.');
    expect(center.rows()).toEqual(before);
    expect((await usage(['mirror', '--undo'])).stdout).toContain('took out 0 rows of ours, and put back 0 rows');
    // Nothing writes them again unasked.
    await usage(['reprice']);
    expect(center.rows()).toEqual(before);
    expect((await usage(['mirror'])).stdout).toContain('2 invocations taken out by codex-usage mirror --undo');
  });

  it('writes them again with --redo', async () => {
    const { usage, center } = await setUp();
    await usage(['mirror', '--undo']);
    expect((await usage(['mirror', '--redo'])).stdout).toContain(
      '2 invocations that had been taken out are written again',
    );
    expect(ids(center)).toEqual(['old', ...OURS]);
    await usage(['mirror', '--undo']);
    expect(ids(center)).toEqual(['old', 'guess']);
  });

  it('changes nothing, here or there, where the table does not let it', async () => {
    const { usage, center, before } = await setUp();
    center.connection.exec(
      `CREATE TRIGGER no BEFORE DELETE ON cost_records BEGIN SELECT RAISE(ABORT, 'not that way'); END`,
    );
    const refused = { exitCode: 1, stderr: 'Nothing was changed: not that way.\n' };
    expect(await usage(['mirror', '--undo'])).toMatchObject(refused);
    expect((await usage(['mirror'])).stdout).toContain('2 invocations there');
    center.connection.exec('DROP TRIGGER no');
    await usage(['mirror', '--undo']);
    expect(center.rows()).toEqual(before);
  });

  it('puts a row back without its run where that was deleted, and says what cannot be put back', async () => {
    const { usage, center } = await setUp();
    center.connection.exec('DELETE FROM runs');
    await usage(['mirror', '--undo']);
    expect(center.rows()).toMatchObject([{ id: 'old' }, { id: 'guess', run_id: null }]);
    await usage(['mirror', '--redo']);
    center.connection.exec('DELETE FROM projects');
    const { stdout } = await usage(['mirror', '--undo']);
    expect(stdout).toContain('The row guess could not be put back: its project is not there any more.');
  });

  it('leaves alone the rows of another codex-metered', async () => {
    const { usage, center } = await setUp();
    center.estimate({ id: 'z/gpt-5.3-codex/actual', is_actual: 1, created_at: at(END) });
    await usage(['mirror', '--undo']);
    expect(ids(center)).toContain('z/gpt-5.3-codex/actual');
  });

  it('works on the database that is named, and asks which where nothing says it', async () => {
    const { folder, usage, center, before } = await setUp();
    const unset = { CODEX_METERED_COST_RECORDS: '' };
    expect(await usage(['mirror', '--undo', join(folder, 'none.db')], unset)).toMatchObject({
      exitCode: 1,
      stderr: 'Nothing was changed: there is no such file.\n',
    });
    // The only one that is filled.
    await usage(['mirror', '--undo'], unset);
    expect(center.rows()).toEqual(before);
    const both = await usage(['mirror', '--undo', '--redo']);
    expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('say one of them') });
    const other = createFolder();
    const setting = { database: join(other, 'usage.db'), cwd: other, env: { CODEX_METERED_STATE_DIR: other } };
    const alone = await runUsage(['mirror', '--undo'], setting);
    expect(alone).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('say which') });
    const shown = await runUsage(['mirror'], setting);
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("No other program's table is filled") });
    const nowhere = await runUsage(['mirror', '/nope'], setting);
    expect(nowhere).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^\/nope\n.*there is no such file/) });
  });
});

describe('codex-usage doctor on another program’s cost_records', () => {
  const unpriced = sampleResponse('1', { model: 'gpt-99', costNanoUsd: undefined, price: undefined });

  it.each([
    ['finds them well', [sampleResponse('1')], 'replace', 'ok', '2 invocations there'],
    [
      ...([
        'says that sums count twice where its own rows are kept',
        [sampleResponse('1')],
        'keep',
        'attention',
      ] as const),
      '1 row of its own beside ours, so that its sums count twice',
    ],
    [
      ...(['names the models without a price', [unpriced, sampleResponse('3')], 'replace', 'attention'] as const),
      'unpriced, so that they count as nothing there: gpt-99 (1 response)',
    ],
  ] as const)('%s', async (_, responses, estimates, status, text) => {
    const { usage } = await setUp(responses, estimates);
    expect(await readDoctor(usage)).toMatchObject([{ status, text: expect.stringContaining(text) }]);
  });

  it.each([
    ['is gone', (path: string) => rmSync(path), 'there is no such file'],
    ['is no database', (path: string) => writeFileSync(path, 'x'.repeat(9000)), 'it is not a readable SQLite database'],
  ] as const)('says that one %s', async (_, spoil, reason) => {
    const { usage, center } = await setUp();
    center.connection.close();
    for (const more of ['-wal', '-shm']) rmSync(center.path + more, { force: true });
    spoil(center.path);
    const text = expect.stringContaining(`cannot be used: ${reason}`);
    expect(await readDoctor(usage)).toMatchObject([{ status: 'attention', text }]);
  });

  it('says what it lacks', async () => {
    const { usage, center } = await setUp();
    center.connection.exec(
      'ALTER TABLE cost_records DROP COLUMN model; ALTER TABLE cost_records DROP COLUMN description',
    );
    const text = expect.stringContaining('its table cost_records lacks model, description');
    expect(await readDoctor(usage)).toMatchObject([{ status: 'attention', text }]);
  });

  it.skipIf(process.getuid?.() === 0)('says that one cannot be written', async () => {
    const { usage, center } = await setUp();
    chmodSync(center.path, 0o400);
    const text = expect.stringContaining('cannot be used: it cannot be written: check its permissions');
    expect(await readDoctor(usage)).toMatchObject([{ status: 'attention', text }]);
  });

  it('says what waits, and why', async () => {
    const { usage, center } = await setUp();
    await usage(['mirror', '--undo']);
    center.connection.exec('DELETE FROM runs; DELETE FROM projects');
    await usage(['mirror', '--redo']);
    const text = expect.stringContaining('2 invocations in the queue: it has no project "shop"');
    expect(await readDoctor(usage)).toMatchObject([{ status: 'note', text }]);
  });
});
