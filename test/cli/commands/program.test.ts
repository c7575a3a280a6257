import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Paths } from '../../../src/config/paths.js';
import { openDatabase } from '../../../src/store/driver.js';
import { type Printed, recordedIn, runUsage, type Setting } from '../../harness/codex-usage.js';
import { createFolder, START, sampleInvocation, sampleResponse } from '../../store/samples.js';

function usage(args: string[], setting: Partial<Setting> = {}): Promise<Printed> {
  return runUsage(args, { database: createDatabase(), ...setting });
}

/** Two runs: `nightly-7` of the project shop with two invocations, and the newer `hotfix` of the project bank. */
function createDatabase(folder = createFolder()): string {
  const update = { threadId: 'thread-1', status: 'completed', exitCode: 0, endedAtMs: START + 61_000 } as const;
  const child = sampleResponse('2', { threadId: 'child-1', model: 'mini', serviceTier: 'flex' });
  const shop = { cwd: join(folder, 'shop', 'api') };
  const review = { ...shop, attribution: { phase: 'reviewer' as const }, startedAtMs: START + 70_000 };
  const notes = [{ kind: 'fault', reason: 'the disk was full', figures: { written: 3 } }] as const;
  const bank = { attribution: { runId: 'hotfix', projectId: 'bank' }, startedAtMs: START + 80_000 };
  const changes = [
    { invocation: sampleInvocation('a', shop), update, responses: [sampleResponse('1'), child] },
    { invocation: sampleInvocation('b', review), update: { status: 'failed', exitCode: 1 } as const, notes },
    { invocation: sampleInvocation('c', bank), responses: [sampleResponse('3', { threadId: 'thread-3' })] },
  ];
  return recordedIn(changes, join(folder, 'usage.db'));
}

describe('codex-usage', () => {
  it('explains itself when nothing is asked, and says where the database is', async () => {
    const { exitCode, stdout, stderr } = await usage([], { database: '/data/costs.db' });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Usage: codex-usage');
    expect(stdout).toContain('The database is /data/costs.db');
  });

  it('says its version', async () => {
    const { exitCode, stdout } = await usage(['--version']);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });

  it.each([
    [['rnu'], '(Did you mean run?)'],
    [['run', '--timezone', 'Mars'], 'Europe/Berlin'],
    [['run', '--list', '--last', 'two'], 'whole number'],
    [['run', '--last', '2'], '--list'],
    [['run', 'nightly-7', '--list'], 'nightly-7'],
    [['run', ''], 'empty'],
    [['run', '--markdown', '--json'], 'error: --markdown is a report: leave out --json.\n'],
    [['run', '--markdown', '--list'], 'error: --markdown is a report: leave out --list.\n'],
    [['run', '--list', '--phase', 'builder'], 'error: --phase is for a report: leave out --list.\n'],
    [['run', '--json', '--top', '3'], 'error: --top is for the text: leave out --json.\n'],
    [['run', '--markdown', '--chart'], 'error: --chart is for a terminal: leave out --markdown.\n'],
  ])('refuses %j with exit code 2 and advice', async (args, advice) => {
    const { exitCode, stdout, stderr } = await usage(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(advice);
  });

  it('prepares the database before a command, and not for help, version or wrong usage', async () => {
    const prepared: string[] = [];
    const setting = { database: createDatabase(), beforeCommand: ({ database }: Paths) => prepared.push(database) };
    for (const args of [['--help'], ['run', '--help'], ['--version'], ['rnu'], ['run', '']]) await usage(args, setting);
    expect(prepared).toEqual([]);
    await usage(['run'], setting);
    expect(prepared).toEqual([setting.database]);
  });
});

describe('codex-usage run', () => {
  it('shows the newest run of the work tree that it is called in', async () => {
    const folder = createFolder();
    mkdirSync(join(folder, 'shop', '.git'), { recursive: true });
    writeFileSync(join(folder, 'shop', '.git', 'HEAD'), 'ref: refs/heads/main\n');
    mkdirSync(join(folder, 'shop', 'web'));
    const { exitCode, stdout } = await usage(['run'], {
      database: createDatabase(folder),
      cwd: join(folder, 'shop', 'web'),
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Run nightly-7 \(the newest of this directory's project\)\n/);
  });

  it('shows the newest run of all elsewhere, and says so', async () => {
    const { stdout } = await usage(['run']);
    expect(stdout).toMatch(/^Run hotfix \(the newest of all; none is of this directory\)\n/);
  });

  it('takes CODEX_METERED_PROJECT for the project that it is called in', async () => {
    const { stdout } = await usage(['run'], { env: { CODEX_METERED_PROJECT: 'shop' } });
    expect(stdout).toMatch(/^Run nightly-7 \(the newest of this directory's project\)\n/);
  });

  it('shows the run with that id, in the time zone that is asked for', async () => {
    const { stdout } = await usage(['run', 'night', '--timezone', 'Asia/Tokyo']);
    expect(stdout).toMatch(/^Run nightly-7\nproject shop {2}started 2026-03-04 14:06\n/);
    expect(stdout).toContain('$0.0052');
  });

  it('says which runs there are when it does not know the id', async () => {
    const { exitCode, stdout, stderr } = await usage(['run', 'x', '-z', 'UTC']);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toBe(`There is no run x.
The newest are:
  hotfix     2026-03-04 05:07  bank
  nightly-7  2026-03-04 05:06  shop
`);
  });

  it.each([
    [['nightly-7/reviewer'], 'Run nightly-7, phase reviewer\n'],
    [['nightly-7/builder/1'], 'Run nightly-7, phase builder, iteration 1\n'],
    [['nightly-7//1', '--model', 'mini'], 'Run nightly-7, iteration 1, model mini\n'],
    [['nightly-7', '--phase', 'review', '--iteration', '1'], 'Run nightly-7, phase reviewer, iteration 1\n'],
  ])('%j shows a part of a run, and says which', async (args, title) => {
    const { exitCode, stdout } = await usage(['run', ...args]);
    expect([exitCode, stdout.slice(0, title.length)]).toEqual([0, title]);
  });

  it('says what a run has instead of a part that it has not', async () => {
    const { exitCode, stderr } = await usage(['run', 'nightly-7/builder/4']);
    expect([exitCode, stderr]).toEqual([1, 'Run nightly-7 has no builder 4. It has builder 1, reviewer 1.\n']);
  });

  it('lists the newest runs', async () => {
    const { stdout } = await usage(['run', '--list', '--last', '1']);
    expect(stdout).toContain('hotfix');
    expect(stdout).not.toContain('nightly-7');
  });
});

describe('codex-usage session', () => {
  it('shows a thread with its child threads', async () => {
    const { stdout } = await usage(['session', 'thread-1', '--breakdown']);
    expect(stdout).toMatch(/^Session thread-1\nproject shop {2}run nightly-7 /);
    expect(stdout).toMatch(/└ mini .* child, flex, /);
  });
});

describe('--json', () => {
  it('is the report with stable names', async () => {
    const folder = createFolder();
    const { stdout } = await usage(['run', 'nightly-7', '--json', '--breakdown'], { database: createDatabase(folder) });
    const json = stdout.replaceAll(folder, '<folder>').replace(/(?<="notedAt": ")[^"]+/, '<now>');
    await expect(json).toMatchFileSnapshot('fixtures/run.json');
  });

  it('is an object with an error when there is nothing to show, beside the text on stderr', async () => {
    const { exitCode, stdout, stderr } = await usage(['session', 'x', '--json']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('There is no session x.');
    const candidates = [{ id: 'thread-1', projectIds: ['shop'], startedAt: '2026-03-04T05:06:07.000Z' }];
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      error: { kind: 'unknown', message: 'There is no session x.', candidates },
    });
  });
});

describe('a database that cannot be shown', () => {
  it.each<[string, (path: string) => void, string, RegExp]>([
    [
      'is not there',
      () => undefined,
      'nothing-metered',
      /there is no database at .*usage\.db[\s\S]*codex-metered exec/,
    ],
    ['is empty', (path) => recordedIn([], path), 'nothing-metered', /codex-metered exec/],
    ['is none', (path) => writeFileSync(path, 'no database '.repeat(200)), 'corrupt', /not a readable SQLite database/],
    ['is of a newer version', makeNewer, 'newer', /newer codex-metered/],
  ])('because it %s is explained', async (_, prepare, kind, said) => {
    const database = join(createFolder(), 'usage.db');
    prepare(database);
    const { exitCode, stderr, stdout } = await usage(['run', '--json'], { database });
    expect([exitCode, JSON.parse(stdout).error.kind, stderr]).toEqual([1, kind, expect.stringMatching(said)]);
  });

  function makeNewer(path: string): void {
    const newer = openDatabase(path);
    newer.pragma('user_version = 99');
    newer.close();
  }
});

describe('the look', () => {
  const terminal = (columns: number) => ({ isTTY: true, columns, hasColors: () => true });
  const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

  it('is coloured on a terminal with colours alone', async () => {
    expect((await usage(['run'], { stdout: terminal(120) })).stdout).toContain('\u001b[');
    expect((await usage(['run'])).stdout).not.toContain('\u001b[');
    expect((await usage(['run', '--no-color'], { stdout: terminal(120) })).stdout).not.toContain('\u001b[');
  });

  it.each([
    [{ stdout: terminal(70) }, 70],
    [{ stdout: terminal(70), env: { COLUMNS: '60' } }, 60],
    [{}, 120],
  ])('with %j is at most %i columns wide', async (setting, width) => {
    const { stdout } = await usage(['run', 'nightly-7', '--no-color'], setting);
    expect(widest(stdout)).toBeLessThanOrEqual(width);
    expect(widest(stdout)).toBeGreaterThan(width - 25);
  });
});

/** Homes with two sessions of Codex and one of Claude Code. */
function createHomes(): NodeJS.ProcessEnv {
  const folder = createFolder();
  const codex = join(folder, 'codex', 'sessions', '2026', '11', '24');
  const claude = join(folder, 'claude', 'projects', 'shop');
  for (const home of [codex, claude]) mkdirSync(home, { recursive: true });
  for (const end of ['a', 'b']) {
    const id = `019a8f2e-0000-7000-8000-00000000000${end}`;
    writeFileSync(join(codex, `rollout-2026-11-24T10-00-00-${id}.jsonl`), '');
  }
  writeFileSync(join(claude, 'a.jsonl'), '');
  return { CODEX_HOME: join(folder, 'codex'), CLAUDE_CONFIG_DIR: join(folder, 'claude') };
}

const HINT =
  'There are 3 past sessions on this machine (2 of Codex, 1 of Claude Code): codex-usage daily shows what they cost.';

describe('the first command after installing', () => {
  it.each([[['run']], [['run', '--list']], [['watch', '--once']], [['phase', '--no-import']]])(
    '%j says how many past sessions there are, and what shows them',
    async (args) => {
      const database = join(createFolder(), 'usage.db');
      const env = { ...createHomes(), CODEX_METERED_STATE_DIR: dirname(database) };
      const { exitCode, stdout, stderr } = await runUsage(args, { database, env });
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain(HINT);
    },
  );

  it('says so as well where the database holds no run yet', async () => {
    const { stderr } = await runUsage(['run'], { database: recordedIn([]), env: createHomes() });
    expect(stderr).toBe(
      `No run has been metered yet.\nRun Codex through codex-metered, and it is recorded: codex-metered exec "…"\n${HINT}\n`,
    );
  });

  it('says nothing of past sessions where there are none', async () => {
    const { stderr } = await runUsage(['run'], { database: join(createFolder(), 'usage.db') });
    expect(stderr).toContain('Nothing has been metered yet');
    expect(stderr).not.toContain('past session');
  });
});
