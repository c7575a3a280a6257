import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/store/driver.js';
import { openStore } from '../../../src/store/store.js';
import { USAGE } from '../../harness/workbench.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

/** Runs the real command, which takes a way of its own for this line. */
function statusline(args: string[], folder: string, env: Record<string, string> = {}) {
  return execa('node', [USAGE, 'statusline', ...args], {
    cwd: folder,
    env: { CODEX_METERED_DB: join(folder, 'usage.db'), CODEX_METERED_STATE_DIR: folder, HOME: folder, ...env },
    reject: false,
  });
}

/** What was spent at noon of 2026-11-24 UTC is of the past; this is of now. */
function createDatabase(nowMs = Date.now()): string {
  const folder = createFolder();
  const store = openStore(join(folder, 'usage.db'), { mode: 'write' });
  const at = (startedAtMs: number) => ({ startedAtMs, meterPid: process.pid, codexPid: process.pid });
  const shop = sampleInvocation('a', at(nowMs - 5000));
  store.record({
    invocation: shop,
    responses: [sampleResponse('1', { completedAtMs: nowMs, costNanoUsd: 1_500_000_000 })],
    rateLimits: [
      {
        ...{ provider: 'codex', limitId: 'codex', windowMinutes: 300, usedPercent: 40 },
        ...{ resetsAtMs: nowMs + 3_600_000, observedAtMs: nowMs },
      },
    ],
  });
  const bank = sampleInvocation('b', { ...at(nowMs - 9000), attribution: { projectId: 'bank', runId: 'hotfix' } });
  const costs = { threadId: 't2', completedAtMs: nowMs, costNanoUsd: 500_000_000 };
  store.record({ invocation: bank, responses: [sampleResponse('2', costs)], update: { status: 'completed' } });
  store.close();
  return folder;
}

describe('codex-usage statusline', () => {
  it('is one line of what is recorded, without colours in a pipe', async () => {
    const { stdout, stderr, exitCode } = await statusline([], createDatabase());
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: 'codex $2.00 today · nightly-7 $1.50 · $12.00/h · 5h 60% left',
      stderr: '',
      exitCode: 0,
    });
  });

  it('tells of one project, in a format of one’s own', async () => {
    const format = '{today}/{run_id}/{running}';
    const { stdout } = await statusline(['--project', 'bank', '--format', format], createDatabase());
    expect(stdout).toBe('$0.50/hotfix/0');
    const unknown = await statusline(['--project', 'nope'], createDatabase());
    expect([unknown.stdout, unknown.exitCode]).toEqual(['codex: nothing of project nope yet', 0]);
  });

  it('counts nobody as running whose processes are dead', async () => {
    const folder = createDatabase();
    const connection = openDatabase(join(folder, 'usage.db'));
    connection.prepare('UPDATE invocations SET meter_pid = 4194399').run();
    connection.close();
    expect((await statusline(['--format', '{running}'], folder)).stdout).toBe('0');
  });

  it('begins the day where the reader lives', async () => {
    // 00:30 of a day in Auckland is the day before in Honolulu.
    const nowMs = Date.now();
    const folder = createDatabase(nowMs);
    const zones = ['Pacific/Auckland', 'Pacific/Honolulu', 'UTC'];
    const startOf = (zone: string) => {
      const [hour = 0, minute = 0] = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' })
        .format(nowMs)
        .split(':')
        .map(Number);
      return nowMs - (hour * 60 + minute) * 60_000;
    };
    const yesterday = Math.min(...zones.map(startOf)) + 60_000;
    const store = openStore(join(folder, 'usage.db'), { mode: 'write' });
    const early = { threadId: 't3', completedAtMs: yesterday, costNanoUsd: 7_000_000_000 };
    store.record({ invocation: { id: 'a' }, responses: [sampleResponse('3', early)] });
    store.close();
    for (const zone of zones) {
      const expected = startOf(zone) <= yesterday ? '$9.00' : '$2.00';
      expect([zone, (await statusline(['-z', zone, '--format', '{today}'], folder)).stdout]).toEqual([zone, expected]);
      expect([zone, (await statusline(['--format', '{today}'], folder, { TZ: zone })).stdout]).toEqual([
        zone,
        expected,
      ]);
    }
  });

  it('follows the settings, and says that there is something wrong with them', async () => {
    const folder = createFolder();
    writeFileSync(join(folder, 'codex-metered.toml'), 'database = "other.db"\n');
    const store = openStore(join(folder, 'other.db'), { mode: 'write' });
    store.close();
    const env = { CODEX_METERED_DB: '' };
    expect((await statusline([], folder, env)).stdout).toBe('codex $0.00 today');
    writeFileSync(join(folder, 'codex-metered.toml'), 'databse = 3\n');
    const { stdout, exitCode } = await statusline([], folder, env);
    expect([stdout, exitCode]).toEqual(['codex: bad settings, see codex-usage config', 0]);
  });

  it.each([
    ['there is no database', () => undefined, 'codex: nothing metered yet'],
    ['it is none', (path: string) => writeFileSync(path, 'x'.repeat(4096)), 'codex: database unreadable'],
    ['it is a folder', (path: string) => mkdirSync(path), 'codex: database unreadable'],
    [
      'it is newer than we are',
      (path: string) => {
        const connection = openDatabase(path);
        connection.pragma('user_version = 999');
        connection.close();
      },
      'codex: update codex-metered',
    ],
  ])('says so in a few words and ends well where %s', async (_case, prepare, line) => {
    const folder = createFolder();
    prepare(join(folder, 'usage.db'));
    const { stdout, stderr, exitCode } = await statusline([], folder);
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: line, stderr: '', exitCode: 0 });
  });

  it('does not wait for a run that is writing', async () => {
    const folder = createDatabase();
    const writer = openDatabase(join(folder, 'usage.db'));
    writer.exec('BEGIN EXCLUSIVE');
    try {
      expect((await statusline(['--format', '{today}'], folder)).stdout).toBe('$2.00');
    } finally {
      writer.close();
    }
  });

  it('says what is wrong with its options', async () => {
    const folder = createFolder();
    const format = await statusline(['--format', '{todai}'], folder);
    expect([format.exitCode, format.stdout]).toEqual([2, '']);
    expect(format.stderr).toContain('{todai}. There are {today}');
    const zone = await statusline(['-z', 'Mars/Base'], folder);
    expect([zone.exitCode, zone.stderr]).toEqual([2, expect.stringContaining('Europe/Berlin')]);
    const option = await statusline(['--formt', 'x'], folder);
    expect([option.exitCode, option.stderr]).toEqual([2, expect.stringContaining('Did you mean --format?')]);
    expect((await statusline(['--help'], folder)).stdout).toContain('{today}');
  });
});
