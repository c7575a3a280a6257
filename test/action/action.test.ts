import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { startJob } from '../harness/github-runner.js';
import { readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { IMPROVEMENT } from './improvement.js';

/** The line with which openai/codex-action runs Codex. */
const CODEX_EXEC =
  'codex exec --skip-git-repo-check --cd "$PWD" --output-last-message "$RUNNER_TEMP/output.md" --sandbox read-only < prompt.txt';
const INSTALL_CODEX = 'npm install -g @openai/codex@; echo "Improve the shop" > prompt.txt';

function openJob({ folder, workTree, codexHome, api }: Workbench, env: Record<string, string | undefined> = {}) {
  api.add(IMPROVEMENT);
  return startJob(folder, workTree, { CODEX_HOME: codexHome, CODEX_METERED_WAIT: '60000', ...env });
}

type Job = ReturnType<typeof startJob>;

/** Calls Codex in a job that uses the action with `inputs`. */
async function callCodex(job: Job, inputs: Record<string, string> = {}) {
  await job.useAction(inputs);
  await job.run(INSTALL_CODEX);
  return job.run(CODEX_EXEC);
}

function report(job: Job) {
  return job.useAction({ step: 'report' });
}

function databaseOf({ env }: Job): string {
  return join(String(env.CODEX_METERED_ACTION), 'data', 'usage.db');
}

describe('a job that calls Codex through the action', () => {
  test('has its cost in its outputs and its summary, as the API has billed it', async ({ bench }) => {
    const job = openJob(bench);
    const started = await job.useAction();
    expect(started).toMatchObject({
      exitCode: 0,
      stdout: 'Codex is metered in this job, as run github-4711, iteration 1.',
    });
    await job.run(INSTALL_CODEX);
    expect(await job.run(CODEX_EXEC)).toMatchObject({ exitCode: 0, stdout: 'Improved.' });

    const { exitCode, outputs, uploaded } = await report(job);
    const { input, cached, output } = sumLedger(bench.api.ledger);
    expect(exitCode).toBe(0);
    expect(outputs).toMatchObject({
      'input-tokens': String(input),
      'cached-input-tokens': String(cached),
      'output-tokens': String(output),
      'unpriced-responses': '0',
      source: 'actual',
    });
    // gpt-5.3-codex: 1.75 USD per million tokens of input, 0.175 of cached ones, 14 of output.
    const cost = ((input - cached) * 1.75 + cached * 0.175 + output * 14) / 1e6;
    expect(Number(outputs['cost-usd'])).toBeCloseTo(cost, 9);
    expect(job.summary).toContain(`### Codex in \`improve\`: $${cost.toFixed(4)}`);
    expect(job.summary).toContain('## Run github-4711');
    expect(JSON.parse(readFileSync(String(outputs.report), 'utf8')).totals.inputTokens).toBe(input);
    expect(uploaded).toEqual([{ name: 'codex-cost-improve', path: outputs.report }]);
  });

  test('is metered where a later step sets up another Node and installs Codex there, as openai/codex-action does', async ({
    bench,
  }) => {
    const job = openJob(bench);
    await job.useAction();
    job.setUpNode();
    await job.run(INSTALL_CODEX);
    expect((await job.run('command -v codex')).stdout).toContain('/runner/codex-metered-');
    await job.run(CODEX_EXEC);
    expect((await report(job)).outputs['input-tokens']).toBe('10900');
  });

  test('is metered where sudo hands on no variable and another PATH', async ({ bench }) => {
    const job = openJob(bench);
    await job.useAction({ run: 'r42', phase: 'reviewer' });
    await job.run(INSTALL_CODEX);
    const emptied = `env -i PATH=/usr/bin:/bin HOME="$HOME" CODEX_HOME="$CODEX_HOME" CODEX_METERED_WAIT=60000 RUNNER_TEMP="$RUNNER_TEMP"`;
    const found = '"$(command -v codex)"';
    const ran = await job.run(`${emptied} ${CODEX_EXEC.replace('codex', found)}`);
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'Improved.' });
    const [invocation] = readRecord(databaseOf(job));
    expect(invocation).toMatchObject({ runId: 'r42', phase: 'reviewer', iteration: 1, projectId: 'octo/shop' });
  });

  test.runIf(process.getuid?.() === 0)('is metered where another user runs Codex', async ({ bench }) => {
    const open = mkdtempSync(join(tmpdir(), 'codex-metered-test-'));
    onTestFinished(() => rmSync(open, { recursive: true, force: true }));
    chmodSync(open, 0o755);
    const home = join(open, 'home');
    cpSync(bench.codexHome, home, { recursive: true });
    for (const file of [home, join(home, 'config.toml')]) chmodSync(file, 0o777);
    const job = openJob(bench, { TMPDIR: open });
    await job.useAction({ 'codex-user': 'nobody' });
    await job.run(INSTALL_CODEX);
    const asNobody = `setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH=/usr/bin:/bin HOME="${home}" CODEX_HOME="${home}" \
      CODEX_METERED_WAIT=60000 "$(command -v codex)" exec --skip-git-repo-check --cd /tmp --sandbox read-only`;
    const { exitCode, stdout } = await job.run(`${asNobody} < prompt.txt`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Improved.' });
    expect((await report(job)).outputs['input-tokens']).toBe('10900');
  });

  test.for([
    [{ GITHUB_JOB: 'code-review' }, {}, 'run github-4711, phase reviewer, iteration 1'],
    [{ GITHUB_JOB: 'implement', GITHUB_RUN_ATTEMPT: '3' }, {}, 'run github-4711, phase builder, iteration 3'],
    [{ GITHUB_JOB: 'preview-build' }, { phase: 'chat' }, 'run github-4711, phase chat, iteration 1'],
    [{}, { run: 'r42', iteration: 'auto', 'budget-usd': '2.50' }, 'run r42, with a budget of 2.50 USD'],
  ] as const)(
    'is of the run, phase and iteration that the workflow %o and the inputs %o say',
    async ([env, inputs, said], { bench }) => {
      const { stdout } = await openJob(bench, env).useAction(inputs);
      expect(stdout).toBe(`Codex is metered in this job, as ${said}.`);
    },
  );

  test('can say another phase for its later calls', async ({ bench }) => {
    const job = openJob(bench);
    await callCodex(job, { phase: 'builder' });
    await job.useAction({ phase: 'reviewer' });
    await job.run(CODEX_EXEC);
    await job.run(CODEX_EXEC, { CODEX_METERED_PHASE: 'handoff' });
    expect(readRecord(databaseOf(job)).map(({ phase }) => phase)).toEqual(['builder', 'reviewer', 'handoff']);
  });

  test('ends Codex at its budget', async ({ bench }) => {
    const job = openJob(bench);
    const { exitCode, stderr } = await callCodex(job, { 'budget-tokens': '5000' });
    expect(exitCode).toBe(99);
    expect(stderr).toContain('budget');
    expect((await report(job)).outputs['input-tokens']).toBe('5000');
  });
});

describe('what goes wrong in a job', () => {
  test.for([
    [{ step: 'stop' }, 'There is no step "stop": use `start` or `report`.'],
    [{ phase: 'testing' }, '"testing" is not a phase: use one of builder, reviewer, chat, handoff, other.'],
    [{ iteration: 'first' }, '"first" is not an iteration'],
    [{ 'budget-usd': 'much' }, '"much" is not an amount of USD'],
    [
      { step: 'report' },
      'There is nothing to report: use this action without `step` before Codex is called in this job.',
    ],
  ] as const)('the inputs %o are refused with the reason', async ([inputs, reason], { bench }) => {
    const { exitCode, stdout } = await openJob(bench).useAction(inputs);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^::error title=codex-metered::/);
    expect(stdout).toContain(reason);
  });

  test('Codex runs without metering where npm cannot install codex-metered, and the summary says so', async ({
    bench,
  }) => {
    const job = openJob(bench, { PACKAGE_FAILS: '1' });
    const { exitCode, stdout } = await job.useAction();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      '::warning title=codex-metered::Codex runs without metering in this job. npm could not install',
    );
    expect(stdout).toContain('network request failed');
    await job.run(INSTALL_CODEX);
    expect(await job.run(CODEX_EXEC)).toMatchObject({ exitCode: 0, stdout: 'Improved.' });
    expect(await report(job)).toMatchObject({ exitCode: 0, outputs: { 'cost-usd': '' } });
    expect(job.summary).toContain('Nothing was recorded: npm could not install');
  });

  test('the job ends where a budget is asked for that nothing would hold', async ({ bench }) => {
    const { exitCode, stdout } = await openJob(bench, { PACKAGE_FAILS: '1' }).useAction({ 'budget-usd': '2' });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^::error title=codex-metered::npm could not install/);
  });

  test('a job that has not called Codex has empty outputs, and is told so', async ({ bench }) => {
    const job = openJob(bench);
    await job.useAction();
    const { exitCode, outputs, uploaded, stdout } = await report(job);
    expect(exitCode).toBe(0);
    expect(outputs['cost-usd']).toBe('');
    expect(uploaded).toEqual([]);
    expect(stdout).toContain('::warning title=codex-metered::Codex was not called in this job');
  });

  test('a model without a price leaves the cost empty, not zero', async ({ bench }) => {
    const job = openJob(bench);
    bench.configure({ model: 'nobody-prices-this' });
    await callCodex(job);
    const { outputs } = await report(job);
    expect(outputs).toMatchObject({ 'cost-usd': '', 'unpriced-responses': '2', 'input-tokens': '10900' });
    expect(job.summary).toContain('### Codex in `improve`: cost not known');
    expect(job.summary).toContain('The cost leaves out 2 of 2 responses');
  });

  test('nothing of the job is left outside of the runner’s temporary folder', async ({ bench }) => {
    const job = openJob(bench);
    await callCodex(job);
    await report(job);
    expect(readdirSync(bench.workTree).filter((name) => name !== 'prompt.txt')).toEqual(['.git']);
    expect(existsSync(join(bench.folder, '.local'))).toBe(false);
  });
});

const bundle = process.env.CODEX_ACTION;

/** Where the variable CODEX_ACTION names a checkout of openai/codex-action. */
test.runIf(bundle)('the bundle of openai/codex-action is metered', async ({ bench }) => {
  const job = openJob(bench);
  await job.useAction();
  job.setUpNode();
  await job.run(INSTALL_CODEX);
  const outputs = ['output-file', 'output-schema', 'output-schema-file'];
  const empty = ['prompt', ...outputs, 'model', 'effort', 'codex-user', 'extra-args'];
  const { exitCode, stderr } = await job.run(
    `node "${bundle}/dist/main.js" run-codex-exec ${empty.map((name) => `--${name} ""`).join(' ')} --prompt-file prompt.txt \
      --codex-home "$CODEX_HOME" --cd "$PWD" --sandbox workspace-write --safety-strategy unsafe`,
    { GITHUB_OUTPUT: join(job.temporary, 'output'), FORCE_COLOR: '1' },
  );
  expect(stderr).toContain('OpenAI Codex');
  expect(exitCode).toBe(0);
  expect((await report(job)).outputs['input-tokens']).toBe('10900');
});
