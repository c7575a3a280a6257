import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesBeyond, type Printed, runUsage, type Setting } from '../../harness/codex-usage.js';
import { seedMonths } from '../../harness/months.js';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'codex-metered-test-'));
const database = join(folder, 'usage.db');
const usage = (args: string[], setting: Partial<Setting> = {}): Promise<Printed> => {
  return runUsage(args, { database, ...setting });
};

beforeAll(() => {
  const untilMs = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
  seedMonths(database, { untilMs, days: 70, sessionsPerDay: 3 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['daily', 'weekly', 'monthly', 'model', 'project'])('codex-usage %s', (command) => {
  it.each([60, 80, 120])('fits into %i columns', async (width) => {
    for (const more of [[], ['--breakdown'], ['--compact'], ['--chart']]) {
      const { stdout } = await usage([command, ...more], { env: { COLUMNS: `${width}` } });
      expect(linesBeyond(width, stdout)).toEqual([]);
      expect(stdout).toMatch(/\ntotal .*\$/i);
    }
  });

  it('has the same totals as data and for each provider', async () => {
    const all = JSON.parse((await usage([command, '--json'])).stdout);
    const parts = await Promise.all(['codex', 'claude'].map((name) => usage([command, '--provider', name, '--json'])));
    const sums = parts.map(({ stdout }) => JSON.parse(stdout).totals);
    expect(sums[0].costNanoUsd + sums[1].costNanoUsd).toBe(all.totals.costNanoUsd);
    const entries = all[all.kind] as { totalTokens: number }[];
    expect(entries.reduce((total, entry) => total + entry.totalTokens, 0)).toBe(all.totals.totalTokens);
  });
});

describe('codex-usage blocks', () => {
  it.each([40, 60, 80, 120])('fits into %i columns', async (width) => {
    const { stdout } = await usage(['blocks', '--breakdown'], { env: { COLUMNS: `${width}` } });
    expect(linesBeyond(width, stdout)).toEqual([]);
    expect(stdout).toMatch(/\ntotal .*\$/);
  });

  it('shows the newest twenty, or all of the days that are asked for', async () => {
    const count = async (args: string[]) =>
      JSON.parse((await usage(['blocks', '--json', ...args])).stdout).blocks.length;
    expect(await Promise.all([count([]), count(['--last', '3'])])).toEqual([20, 3]);
    expect(await count(['--since', '2020-01-01'])).toBeGreaterThan(20);
  });
});

describe('codex-usage daily', () => {
  it('has the newest day last, or first when asked', async () => {
    const dates = async (args: string[]) => {
      const { stdout } = await usage(['daily', '--last', '30', ...args]);
      return stdout.match(/^20\S+ {2}/gm)?.filter((date) => date.trim().length === 10) ?? [];
    };
    const [usual, reversed] = await Promise.all([dates([]), dates(['--order', 'desc'])]);
    expect(usual.length).toBeGreaterThan(10);
    expect(usual).toEqual([...usual].sort());
    expect(reversed).toEqual(usual.toReversed());
    const { daily } = JSON.parse((await usage(['daily', '--last', '30', '--order', 'desc', '--json'])).stdout);
    expect(daily.map(({ date }: { date: string }) => date)).toEqual(reversed.map((date) => date.trim()));
  });

  it('counts exactly where there is room, and in round numbers before it leaves a column out', async () => {
    const show = async (columns: number) => {
      return (await usage(['daily', '--last', '7'], { env: { COLUMNS: `${columns}` } })).stdout;
    };
    expect(await show(140)).toMatch(/\d,\d{3},\d{3}/);
    // How wide the exact numbers are depends on the week that ends today.
    const tables = await Promise.all([112, 108, 104, 100, 96, 92, 88].map(show));
    const rounded = tables.find((table) => /\d[kM] /.test(table));
    expect(rounded).toMatch(/\d[kM] /);
    expect(rounded).toContain('Reasoning');
  });

  it('says which prices are missing and what is not certain', async () => {
    const { stdout } = await usage(['daily']);
    expect(stdout).toMatch(/~ not all of it was reported by the API: .* estimated/);
    expect(stdout).toContain('+ no price is known for gpt-7-preview');
    expect(stdout).toMatch(/\nPace {5}\$/);
  });

  it('with nothing to show exits 1, also as data', async () => {
    const { exitCode, stdout, stderr } = await usage(['daily', '--until', '2001-01-01', '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).error.kind).toBe('nothing-in-range');
    expect(stderr).toContain('There is no such usage to 2001-01-01.');
  });

  it.each([
    [['--since', '2026-02-30'], 'Use a day such as'],
    [['--since', '2026-03-01', '--until', '2026-02-01'], '--since is after --until'],
    [['--since', '2026-03-01', '--last', '3'], 'use one'],
    [['--last', '0'], 'above zero'],
    [['-z', 'Mars/Olympus'], 'IANA'],
    [['--provider', 'nobody'], 'Allowed choices'],
    [['--order', 'up'], 'Allowed choices'],
    [['--chart', '--json'], 'use one'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await usage(['daily', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
