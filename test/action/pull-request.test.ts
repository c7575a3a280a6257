import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { startGitHub } from '../harness/github.js';
import { type Job, startJob } from '../harness/github-runner.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';

const MARKER = '<!-- codex-metered: Nightly/codex-cost-improve -->';
const TOKEN = 'ghs_secret';

/** A job of a pull request that has called Codex once, for $0.0095. */
async function openJob(bench: Workbench, event: object = { pull_request: { number: 7, base: { ref: 'main' } } }) {
  const github = await startGitHub();
  onTestFinished(() => github.close());
  bench.api.add({
    prompt: 'Improve',
    replies: [{ message: 'Done.', usage: { input: 5900, cached: 1024, output: 55 } }],
  });
  const eventFile = join(bench.folder, 'event.json');
  writeFileSync(eventFile, JSON.stringify(event));
  const job = startJob(bench.folder, bench.workTree, {
    CODEX_HOME: bench.codexHome,
    CODEX_METERED_WAIT: '60000',
    GITHUB_API_URL: github.url,
    GITHUB_EVENT_PATH: eventFile,
  });
  await job.useAction();
  await job.run('npm install -g @openai/codex; codex exec --skip-git-repo-check "Improve"');
  return { job, github };
}

function report(job: Job, inputs: Record<string, string> = {}) {
  return job.useAction({ step: 'report', ...inputs });
}

/** What a run of the base branch has left. */
function artifactOf(costUsd: number | null, inputTokens = 5000, unpricedResponseCount = 0): string {
  const totals = { costUsd, inputTokens, cachedInputTokens: 1000, outputTokens: 50, responseCount: 2 };
  return JSON.stringify({ totals: { ...totals, unpricedResponseCount } });
}

describe('the comment on a pull request', () => {
  test('says what the job has used, and each later run updates it in place', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    await report(job);
    expect(github.comments).toHaveLength(1);
    const [comment] = github.comments;
    expect(comment?.body).toMatch(new RegExp(`^${MARKER}\n### Codex in \`improve\`: \\$0\\.0095\n`));
    expect(comment?.body).toContain('| Input tokens | 5,900 |');
    expect(comment?.body).toContain('## Run github-4711');

    await job.run('codex exec --skip-git-repo-check "Improve"');
    await report(job);
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('| Responses | 2 |');
  });

  test('is found behind a hundred others, and is not one in which a person has written our mark', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    const person = { login: 'visitor', type: 'User' } as const;
    const bot = { login: 'github-actions[bot]', type: 'Bot' } as const;
    for (let id = 1; id <= 150; id++) github.comments.push({ id, body: id === 1 ? MARKER : 'Nice.', user: person });
    github.comments.push({ id: 151, body: `${MARKER}\nold`, user: bot });
    await report(job);
    expect(github.comments).toHaveLength(151);
    expect(github.comments[0]?.body).toBe(MARKER);
    expect(github.comments[150]?.body).toContain('$0.0095');
  });

  test('is another one for each job', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    await report(job);
    await report(job, { artifact: 'codex-cost-other' });
    expect(github.comments).toHaveLength(2);
  });

  test('is written where a comment on the pull request has started the workflow', async ({ bench }) => {
    const { job, github } = await openJob(bench, { issue: { number: 7, pull_request: {} } });
    await report(job);
    expect(github.requests.map(({ method, path }) => `${method} ${path}`)).toContain('GET /repos/octo/shop/pulls/7');
    expect(github.comments).toHaveLength(1);
  });

  test.for([
    [{}, { comment: 'false' }],
    [{ issue: { number: 3 } }, {}],
    [{ ref: 'refs/heads/main' }, {}],
  ] as const)('is not written on the event %o with the inputs %o', async ([event, inputs], { bench }) => {
    const { job, github } = await openJob(bench, event);
    expect((await report(job, inputs)).stdout).toBe('');
    expect(github.comments).toEqual([]);
    expect(job.summary).toContain('$0.0095');
  });

  test('that may not be written is a warning with the advice, and the figures stay', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    github.mayWrite = false;
    const { exitCode, stdout, outputs } = await report(job);
    expect(exitCode).toBe(0);
    expect(outputs['input-tokens']).toBe('5900');
    expect(stdout).toContain('::warning title=codex-metered::The comment was not written. GitHub answered POST');
    expect(stdout).toContain('`permissions: pull-requests: write`');
  });

  test('that GitHub does not answer is a warning', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    await github.close();
    const { exitCode, stdout } = await report(job);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('GitHub did not answer');
    expect(job.summary).toContain('$0.0095');
  });
});

describe('the comparison with the base branch', () => {
  test('is with the median of what its runs have left', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    for (const cost of [0.004, 0.006, 0.5]) github.artifacts.push({ content: artifactOf(cost) });
    await report(job);
    for (const text of [github.comments[0]?.body, job.summary]) {
      expect(text).toContain('| | This run | Median of 3 runs on `main` | |');
      expect(text).toContain('| Cost | $0.0095 | $0.0060 | +58 % |');
      expect(text).toContain('| of them cached | 1,024 | 1,000 | +2 % |');
      expect(text).toContain('| Responses | 1 | 2 | −50 % |');
    }
  });

  test('leaves out other branches, forks, what is old, unpriced or broken', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    github.artifacts.push(
      { content: artifactOf(0.01) },
      { content: artifactOf(0.02), branch: 'feature' },
      { content: artifactOf(0.03), ofFork: true },
      { content: artifactOf(0.04), expired: true },
      { content: artifactOf(0.05), name: 'codex-cost-other' },
      { content: artifactOf(0.06, 5000, 1) },
      { content: artifactOf(null) },
      { content: '{"totals":{}}' },
      { content: 'no JSON' },
      { content: Buffer.from('no archive') },
      { content: 'x'.repeat(5 * 1024 * 1024) },
    );
    await report(job);
    expect(github.comments[0]?.body).toContain('Median of 1 run on `main`');
    expect(github.comments[0]?.body).toContain('| $0.0100 | −5 % |');
  });

  test('is left out where nothing is kept', async ({ bench }) => {
    const { job, github } = await openJob(bench);
    github.artifacts.push({ content: artifactOf(0.01) });
    const { uploaded } = await report(job, { artifact: 'none' });
    expect(uploaded).toEqual([]);
    expect(github.comments[0]?.body).not.toContain('Median');
  });
});

test('the token reaches GitHub alone: no storage, no output, no file', async ({ bench }) => {
  const { job, github } = await openJob(bench);
  github.artifacts.push({ content: artifactOf(0.01) });
  const told = await report(job);
  github.mayWrite = false;
  const refused = await report(job);
  expect(github.requests.every(({ token }) => token === `Bearer ${TOKEN}`)).toBe(true);
  expect(github.storageTokens).toEqual([undefined, undefined]);
  expect(JSON.stringify([told, refused, job.summary, github.requests.map(({ path }) => path)])).not.toContain(TOKEN);
  expect(filesWithin(bench.folder).filter((file) => readFileSync(file, 'latin1').includes(TOKEN))).toEqual([]);
});

function filesWithin(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
