import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

/** A project that has spent 1,200 tokens today in the run `nightly-7`, and a configuration of its own. */
function createProject(config: string) {
  const folder = createFolder();
  const cwd = join(folder, 'shop');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'codex-metered.toml'), `project = "shop"\n${config}`);
  const now = Date.now();
  const responses = [sampleResponse('1', { completedAtMs: now, usage: { input: 1000, output: 200 } })];
  const tags = [{ key: 'branch', value: 'main', origin: 'git' }] as const;
  return {
    cwd,
    database: recordedIn([{ invocation: sampleInvocation('one', { startedAtMs: now, tags }), responses }]),
  };
}

describe('codex-usage budget', () => {
  it('shows how much of each limit is spent, and that of a run where it is named', async () => {
    const project = createProject('[budget]\nday = { tokens = 2_400 }\nrun = { tokens = 12_000 }\n');
    const day = 'day: 1,200 tokens of 2,400 tokens (50%)\n';
    expect(await runUsage(['budget'], project)).toMatchObject({ exitCode: 0, stdout: day });
    const run = 'run: 1,200 tokens of 12,000 tokens (10%)\n';
    expect(await runUsage(['budget', '--run', 'nightly-7'], project)).toMatchObject({ stdout: run + day });
    const { stdout } = await runUsage(['budget', '--json'], project);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'budget',
      state: 'within',
      limits: [{ scope: 'day', share: 0.5 }],
    });
  });

  it('says of what nothing is recorded yet, for it may be misspelt', async () => {
    const project = createProject('[budget.run]\ntokens = 10\n');
    const { stdout } = await runUsage(['budget', '--run', 'nightly-8'], project);
    expect(stdout).toBe('run: 0 tokens of 10 tokens (0%)\nNothing is recorded of run nightly-8 in project shop yet.\n');
    const other = await runUsage(['budget', '--project', 'shoe'], project);
    expect(other).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('recorded of project shoe yet') });
  });

  it('compares with the limits what has the tags that are asked for, and says so', async () => {
    const project = createProject('[budget]\nday = { tokens = 1_200 }\nrun = { tokens = 2_400 }\n');
    const ask = (...args: string[]) => runUsage(['budget', '--run', 'nightly-7', '--check', ...args], project);
    expect(await ask('--branch', 'main')).toMatchObject({
      exitCode: 99,
      stdout: `run: 1,200 tokens of 2,400 tokens (50%)\nday: 1,200 tokens of 1,200 tokens (100%)\nOnly what has branch main counts.\n`,
    });
    const other = await ask('--tag', 'team=search');
    expect(other).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('day: 0 tokens of 1,200 tokens (0%)\n'),
    });
    expect(other.stdout).toContain('Nothing is recorded of team search yet.\n');
    expect(JSON.parse((await ask('--branch', 'ma*', '--json')).stdout)).toMatchObject({
      ...{ onlyTags: [{ key: 'branch', value: 'ma*' }], state: 'reached', unrecorded: null },
    });
  });

  it('says where no budget is set', async () => {
    expect(await runUsage(['budget', '--check'], createProject(''))).toEqual({
      ...{ exitCode: 0, stdout: 'No budget is set.\n', stderr: '' },
    });
  });

  it.each([
    ['month', 1200, 99],
    ['month', 1201, 0],
  ])('with --check ends with a code for scripts: a %s of %d tokens with %d', async (scope, tokens, exitCode) => {
    const project = createProject(`[budget.${scope}]\ntokens = ${tokens}\n`);
    expect(await runUsage(['budget', '--check'], project)).toMatchObject({ exitCode });
    expect(await runUsage(['budget'], project)).toMatchObject({ exitCode: 0 });
  });
});
