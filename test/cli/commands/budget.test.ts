import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runUsage } from '../../harness/codex-usage.js';
import { createFolder, createStore, sampleInvocation, sampleResponse } from '../../store/samples.js';

/** A project that has spent 1,200 tokens today in the run `nightly-7`, and a configuration of its own. */
function createProject(config: string) {
  const folder = createFolder();
  const cwd = join(folder, 'shop');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'codex-metered.toml'), `project = "shop"\n${config}`);
  const database = join(folder, 'usage.db');
  const now = Date.now();
  const responses = [sampleResponse('1', { completedAtMs: now, usage: { input: 1000, output: 200 } })];
  createStore(database).record({ invocation: sampleInvocation('one', { startedAtMs: now }), responses });
  return { cwd, database };
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
