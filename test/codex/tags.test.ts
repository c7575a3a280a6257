import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect } from 'vitest';
import { runUsage } from '../harness/codex-usage.js';
import { query, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { answer, turn } from '../scripted-api/script.js';

const SECRET = 'hunter2';

function git({ workTree }: Workbench, ...args: string[]) {
  return execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: workTree });
}

/** A commit on the branch `feature/SHOP-12-cart`, and a remote whose address has a password. */
async function createRepository(bench: Workbench): Promise<string> {
  await git(bench, 'checkout', '--quiet', '-b', 'feature/SHOP-12-cart');
  await git(bench, 'commit', '--quiet', '--allow-empty', '-m', 'first');
  await git(bench, 'remote', 'add', 'origin', `https://ada:${SECRET}@git.example.com:8443/acme/tools/shop.git`);
  return (await git(bench, 'rev-parse', 'HEAD')).stdout;
}

/** The tags of a run's invocation, with where each was read. */
function readTags(bench: Workbench, run: Pick<Ended, 'pid'>): Record<string, [value: string, origin: string]> {
  const sql = 'SELECT key, value, origin FROM invocation_tags WHERE invocation_id = ?';
  const rows = query<{ key: string; value: string; origin: string }>(bench.database, sql, recordOf(bench, run).id);
  return Object.fromEntries(rows.map(({ key, value, origin }) => [key, [value, origin]]));
}

async function usage(bench: Workbench, ...args: string[]) {
  const { env, database } = bench;
  return await runUsage(args, { database, env: { CODEX_HOME: env.CODEX_HOME }, cwd: bench.workTree });
}

async function usageJson(bench: Workbench, ...args: string[]) {
  return JSON.parse((await usage(bench, ...args, '--json')).stdout);
}

function billed(ledger: readonly LedgerEntry[]) {
  const { input, output, cached, reasoning } = sumLedger(ledger);
  return { inputTokens: input, outputTokens: output, cachedInputTokens: cached, reasoningTokens: reasoning };
}

const EXEC = ['exec', '--json', 'hello'];

beforeEach<{ bench: Workbench }>(({ bench }) => {
  const replies = [answer('Hi.', { input: 1000, cached: 400, output: 10, reasoning: 3 })];
  bench.api.add(turn('hello', ...replies));
});

describe('the tags of an invocation', () => {
  test('are the branch, the commit and the repository of the work tree, without a password', async ({ bench }) => {
    const commit = await createRepository(bench);
    const report = join(bench.folder, 'report.json');
    const run = await bench.run(EXEC, { meter: ['--meter-report', report] });
    expect(readTags(bench, run)).toEqual({
      branch: ['feature/SHOP-12-cart', 'git'],
      commit: [commit, 'git'],
      repo: ['acme/tools/shop', 'git'],
    });
    const tags: Record<string, string> = { branch: 'feature/SHOP-12-cart', commit, repo: 'acme/tools/shop' };
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ tags });
    expect(await usageJson(bench, 'run')).toMatchObject({
      tags: { branch: ['feature/SHOP-12-cart'], commit: [commit], repo: ['acme/tools/shop'] },
      invocations: [{ tags }],
    });
    const [row] = JSON.parse((await usage(bench, 'export', '--format', 'json')).stdout);
    expect(row.tags).toEqual(tags);
    expect((await usage(bench, 'export')).stdout).toContain('""repo"":""acme/tools/shop""');
    expect(readFileSync(bench.database).includes(SECRET)).toBe(false);
  });

  test('are those of the linked work tree, of packed references and of a commit without a branch', async ({
    bench,
  }) => {
    const commit = await createRepository(bench);
    await git(bench, 'pack-refs', '--all');
    await git(bench, 'worktree', 'add', '--quiet', '-b', 'side', join(bench.folder, 'side'));
    await git(bench, 'checkout', '--quiet', '--detach');
    const linked = await bench.run(EXEC, { cwd: join(bench.folder, 'side') });
    expect(readTags(bench, linked)).toMatchObject({ branch: ['side', 'git'], commit: [commit, 'git'] });
    const detached = await bench.run(EXEC);
    expect(Object.keys(readTags(bench, detached)).sort()).toEqual(['commit', 'repo']);
  });

  test('of the command line win over those of the variable, of files, of CI and of git', async ({ bench }) => {
    await createRepository(bench);
    const file = '[tags]\nteam = "of the file"\ncost-center = "42"\nticket = "[A-Z]+-[0-9]+"\n';
    writeFileSync(join(bench.workTree, 'codex-metered.toml'), file);
    const run = await bench.run(EXEC, {
      meter: ['--meter-tag', 'team=first', '--meter-tag', 'team=a=b', '--meter-tag', 'mood=🙂'],
      env: {
        CODEX_METERED_TAGS: 'team=of the variable, size = large',
        GITHUB_SHA: 'a'.repeat(40),
        GITHUB_REF: 'refs/pull/7/merge',
        GITHUB_REF_NAME: '7/merge',
        GITHUB_HEAD_REF: 'feature/SHOP-13-pay',
        GITHUB_REPOSITORY: 'acme/tools/shop',
      },
    });
    expect(readTags(bench, run)).toEqual({
      team: ['a=b', 'option'],
      mood: ['🙂', 'option'],
      size: ['large', 'environment'],
      'cost-center': ['42', 'project file'],
      branch: ['feature/SHOP-13-pay', 'ci'],
      commit: ['a'.repeat(40), 'ci'],
      pr: ['7', 'ci'],
      repo: ['acme/tools/shop', 'ci'],
      ticket: ['SHOP-13', 'branch name'],
    });
  });

  test('that are too many or too long are left out and counted, and those that cannot be are refused', async ({
    bench,
  }) => {
    await createRepository(bench);
    const many = Array.from({ length: 1000 }, (_, index) => ['--meter-tag', `key${index}=v`]).flat();
    const run = await bench.run(EXEC, { meter: [...many, '--meter-tag', `long=${'x'.repeat(257)}`] });
    expect(run.exitCode).toBe(0);
    const tags = readTags(bench, run);
    expect(Object.keys(tags)).toHaveLength(64);
    expect(tags).toMatchObject({ branch: ['feature/SHOP-12-cart', 'git'] });
    const figures = JSON.stringify({ tooLong: 1, tooMany: 1000 + 3 - 64 });
    expect(recordOf(bench, run).notes).toEqual([{ kind: 'unreadable', reason: 'tags were left out', figures }]);
    for (const [tag, why] of [
      ['team', 'it has no "="'],
      ['=search', 'its key is empty'],
      ['team=', 'its value is empty'],
      ['my team=search', 'its key has a space'],
      ['team=a\u001b[31m', 'it has control characters'],
    ] as const) {
      const { exitCode, stderr } = await bench.run(EXEC, { meter: ['--meter-tag', tag] });
      expect([exitCode, stderr.toString()]).toEqual([2, expect.stringContaining(why)]);
    }
    expect(bench.api.requests).toHaveLength(1);
  });

  test('do not wait for a pattern that never comes to an end', async ({ bench }) => {
    await createRepository(bench);
    await git(bench, 'checkout', '--quiet', '-b', `${'a'.repeat(60)}b`);
    writeFileSync(join(bench.workTree, 'codex-metered.toml'), "[tags]\nticket = '^(a+)+$'\n");
    const run = await bench.run(EXEC);
    expect(readTags(bench, run)).not.toHaveProperty('ticket');
    expect(recordOf(bench, run).notes).toMatchObject([
      { reason: expect.stringContaining('pattern for tickets took too long') },
    ]);
  });
});

describe('reports by tags', () => {
  test('come to the ledger, branch by branch, metered and imported', async ({ bench }) => {
    await createRepository(bench);
    const feature = await bench.run(EXEC, { meter: ['--meter-run-id', 'r1', '--meter-tag', 'team=search'] });
    await git(bench, 'checkout', '--quiet', '-b', 'other');
    const other = await bench.run(EXEC, { meter: ['--meter-run-id', 'r1', '--meter-tag', 'team=pay'] });
    const past = await bench.run(EXEC, { direct: true });
    expect((await usage(bench, 'import')).exitCode).toBe(0);
    const branches = await usageJson(bench, 'branch');
    expect(branches.branches).toEqual([
      expect.objectContaining({ branch: 'other', invocationCount: 1, ...billed([...other.ledger, ...past.ledger]) }),
      expect.objectContaining({ branch: 'feature/SHOP-12-cart', invocationCount: 1, ...billed(feature.ledger) }),
    ]);
    expect(branches.totals).toMatchObject(billed(bench.api.ledger));
    const { tags } = await usageJson(bench, 'tag', 'team');
    expect(Object.fromEntries(tags.map((one: { value: string }) => [one.value, one]))).toMatchObject({
      search: billed(feature.ledger),
      pay: billed(other.ledger),
      null: billed(past.ledger),
    });
    for (const report of ['daily', 'model', 'project', 'blocks']) {
      const { totals } = await usageJson(bench, report, '--branch', 'other');
      expect(totals).toMatchObject(billed([...other.ledger, ...past.ledger]));
    }
    expect((await usageJson(bench, 'phase', '--branch', 'other')).totals).toMatchObject(billed(other.ledger));
    expect(await usageJson(bench, 'run', '--tag', 'team=pay')).toMatchObject({
      runId: 'r1',
      onlyTags: [{ key: 'team', value: 'pay' }],
      totals: { invocationCount: 1, ...billed(other.ledger) },
    });
    const sessions = await usageJson(bench, 'session', '--list', '--branch', 'oth*');
    expect(sessions.sessions).toHaveLength(2);
    const rows = (await usage(bench, 'export', '--format', 'ndjson', '--branch', 'other')).stdout.trim().split('\n');
    expect(rows.map((row) => JSON.parse(row).tags.branch)).toEqual(['other', 'other']);
    const stderr = expect.stringContaining('There is: other, feature/SHOP-12-cart.');
    expect(await usage(bench, 'daily', '--branch', 'main')).toMatchObject({ exitCode: 1, stderr });
    expect((await usage(bench, 'tag', 'mood')).stderr).toMatch(/no.* tag mood\. There is: .*branch.*team/i);
  });
});
