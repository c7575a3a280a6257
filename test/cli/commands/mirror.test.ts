import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PricedResponse } from '../../../src/usage/record.js';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { type ControlCenter, openControlCenter } from '../../harness/control-center.js';
import { USAGE } from '../../harness/workbench.js';
import { createFolder, START, sampleInvocation, sampleResponse } from '../../store/samples.js';

const END = START + 5000;
const ILL = 'attention';
const at = (ms: number) => new Date(ms).toISOString();

/** A machine with another program's database and one of ours, and codex-usage for it. `set`: what variables say. */
function createMachine(parents: Parameters<typeof openControlCenter>[1], set: NodeJS.ProcessEnv = {}) {
  const folder = createFolder();
  const center = openControlCenter(join(folder, 'center.db'), parents);
  onTestFinished(() => void center.connection.close());
  const [database, state, nothing] = [join(folder, 'usage.db'), join(folder, 'state'), join(folder, 'nothing')];
  const env = { CODEX_METERED_STATE_DIR: state, CODEX_HOME: nothing, CLAUDE_CONFIG_DIR: nothing };
  return {
    ...{ folder, center, database },
    usage: (args: string[], more: NodeJS.ProcessEnv = {}) =>
      runUsage(args, { database, cwd: folder, env: { ...env, ...set, ...more } }),
    /** The real command, in a folder without a configuration. */
    later: (args: string[]) =>
      execa(process.execPath, [USAGE, ...args], { env: { ...env, CODEX_METERED_DB: database }, cwd: state }),
    queued: () => (existsSync(join(state, 'mirror')) ? readdirSync(join(state, 'mirror')).length : 0),
  };
}

const PARENTS = { projects: ['shop'], runs: ['nightly-7'] };

/** A runner's database that has been filled: an estimate of its own was replaced, and a chat stands there for which it had none. */
async function setUp(responses: readonly PricedResponse[] = [sampleResponse('1')], estimates = 'replace') {
  const machine = createMachine(PARENTS, { CODEX_METERED_COST_RECORDS_ESTIMATES: estimates });
  const { center, database } = machine;
  const theirs = { total_cost_usd: 0.1 + 0.2, description: 'it\'s "theirs"\n', created_at: at(END + 40) };
  center.estimate({ id: 'guess', ...theirs });
  center.estimate({ id: 'old', created_at: at(END - 900_000), reviewed_by: 'ada' });
  const before = center.rows();
  const usage: typeof machine.usage = (args, more) =>
    machine.usage(args, { CODEX_METERED_COST_RECORDS: center.path, ...more });
  const update = { status: 'completed', endedAtMs: END } as const;
  const chat = sampleInvocation('b', { attribution: { phase: 'chat' } });
  const chatted = { invocation: chat, update, responses: [sampleResponse('2', { threadId: 'b' })] };
  recordedIn([{ invocation: sampleInvocation('a'), update, responses }, chatted], database);
  // It gives the table what stands in the record.
  await usage(['reprice']);
  return { ...machine, usage, before };
}

const ids = ({ rows }: ControlCenter) => rows().map(({ id }) => id);
const OURS = ['a/gpt-5.3-codex/actual', 'b/gpt-5.3-codex/actual'];

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
  type Machine = Awaited<ReturnType<typeof setUp>>;
  const unpriced = sampleResponse('1', { model: 'gpt-99', costNanoUsd: undefined, price: undefined });

  it.each<[string, () => Promise<Machine>, string, string]>([
    ['finds them well', setUp, 'ok', '2 invocations there'],
    ['says that sums count twice where its own rows are kept', () => setUp(undefined, 'keep'), ILL, 'sums count twice'],
    [
      'names the models without a price',
      () => setUp([unpriced, sampleResponse('3')]),
      ILL,
      'there: gpt-99 (1 response)',
    ],
    ['says that it is gone', () => spoil(rmSync), ILL, 'cannot be used: there is no such file'],
    ['says that it is no database', () => spoil(overwrite), ILL, 'used: it is not a readable SQLite database'],
    ['says what it lacks', withoutColumns, ILL, 'its table cost_records lacks model, description'],
    ['says what waits, and why', withoutParents, 'note', '2 invocations in the queue: it has no project "shop"'],
  ])('%s', async (_, prepare, status, text) => {
    expect(await readDoctor(await prepare())).toMatchObject([{ status, text: expect.stringContaining(text) }]);
  });

  it.skipIf(process.getuid?.() === 0)('says that one cannot be written', async () => {
    const machine = await setUp();
    chmodSync(machine.center.path, 0o400);
    const text = expect.stringContaining('cannot be used: it cannot be written: check its permissions');
    expect(await readDoctor(machine)).toMatchObject([{ status: ILL, text }]);
  });

  async function spoil(change: (path: string) => void): Promise<Machine> {
    const machine = await setUp();
    const { connection, path } = machine.center;
    connection.close();
    for (const more of ['-wal', '-shm']) rmSync(path + more, { force: true });
    change(path);
    return machine;
  }

  function overwrite(path: string): void {
    writeFileSync(path, 'x'.repeat(9000));
  }

  async function withoutColumns(): Promise<Machine> {
    const machine = await setUp();
    for (const column of ['model', 'description']) {
      machine.center.connection.exec(`ALTER TABLE cost_records DROP COLUMN ${column}`);
    }
    return machine;
  }

  async function withoutParents(): Promise<Machine> {
    const machine = await setUp();
    await machine.usage(['mirror', '--undo']);
    machine.center.connection.exec('DELETE FROM runs; DELETE FROM projects');
    await machine.usage(['mirror', '--redo']);
    return machine;
  }

  async function readDoctor({ usage }: Machine) {
    const { checks } = JSON.parse((await usage(['doctor', '--json'])).stdout);
    return checks.filter(({ name }: { name: string }) => name === 'cost records');
  }
});

const PRICE = '[[prices]]\nmodel = "gpt-5.3-codex"\ninput = 1000\noutput = 0\n';
const AN_HOUR_AGO = new Date(Date.now() - 3_600_000);
const COUNTS = { type: 'turn.completed', usage: { input_tokens: 900, cached_input_tokens: 0, output_tokens: 10 } };

/** A project whose configuration names another program's database, with one metered invocation and the log of another run. */
function createProject(
  parents: Parameters<typeof openControlCenter>[1],
  said: 'in the file' | 'nowhere' = 'in the file',
) {
  const machine = createMachine(parents);
  const { folder, database } = machine;
  const update = { status: 'completed' } as const;
  recordedIn([{ invocation: sampleInvocation('a'), update, responses: [sampleResponse('1')] }], database);
  const key = said === 'nowhere' ? '' : 'cost_records = "center.db"\n';
  writeFileSync(join(folder, 'codex-metered.toml'), key + PRICE);
  const iteration = join(folder, 'runs', 'nightly-7', 'builder', 'iter-2');
  mkdirSync(iteration, { recursive: true });
  writeFileSync(join(iteration, 'codex.log'), `${JSON.stringify(COUNTS)}\n`);
  utimesSync(join(iteration, 'codex.log'), AN_HOUR_AGO, AN_HOUR_AGO);
  return machine;
}

const IMPORT = ['import', '--runs', 'runs', '--project', 'shop'];

describe("another program's cost_records", () => {
  it('have the costs that a repricing gives', async () => {
    const { center, usage, queued } = createProject(PARENTS);
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
    const { center, usage, queued } = createProject(PARENTS);
    for (const _time of ['first', 'second']) {
      expect((await usage(IMPORT)).exitCode).toBe(0);
      expect(center.rows()).toMatchObject([
        { project_id: 'shop', category: 'builder', is_actual: 0, input_tokens: 900 },
      ]);
    }
    expect(queued()).toBe(0);
  });

  it.each([['reprice'], IMPORT])('get what %s changes once the rows are there that it refers to', async (...args) => {
    const { center, usage, later, queued } = createProject({});
    expect((await usage(args)).exitCode).toBe(0);
    expect([center.rows(), queued()]).toEqual([[], 1]);
    center.connection.exec(`INSERT INTO projects (id, name) VALUES ('shop', 'shop')`);
    center.connection.exec(`INSERT INTO runs VALUES ('nightly-7', 'shop')`);
    await later(['run', 'nightly-7']);
    expect(center.rows()).toMatchObject([{ run_id: 'nightly-7' }]);
    expect(queued()).toBe(0);
  });

  it('are those of the environment before those of the file, and none where neither names any', async () => {
    const { center, usage, queued } = createProject(PARENTS);
    await usage(['reprice'], { CODEX_METERED_COST_RECORDS: `${center.path}.elsewhere` });
    expect([center.rows(), queued()]).toEqual([[], 1]);
    const without = createProject(PARENTS, 'nowhere');
    await without.usage(['reprice']);
    await without.usage(IMPORT);
    expect([without.center.rows(), without.queued()]).toEqual([[], 0]);
  });
});
