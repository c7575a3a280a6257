import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { listenOnLoopback } from '../harness/loopback.js';
import { test } from '../harness/test.js';
import { CODEX, METERED, USAGE, type Workbench } from '../harness/workbench.js';
import { answer, turn } from '../scripted-api/script.js';

const DOC = readFileSync(fileURLToPath(new URL('../../docs/runner.md', import.meta.url)), 'utf8');
const [, JOB = ''] = /```yaml\n(.*?)```/s.exec(DOC) ?? [];
const CI_DOC = readFileSync(fileURLToPath(new URL('../../docs/ci.md', import.meta.url)), 'utf8');
const [GITLAB_JOB = '', GITLAB_COMMENT = ''] = [
  ...CI_DOC.slice(CI_DOC.indexOf('## GitLab')).matchAll(/```yaml\n(.*?)```/gs),
].map(([, yaml = '']) => yaml);
const STEPS = [...JOB.matchAll(/- run: (.*)/g)].map(([, command = '']) => command);

test('the CI job of the document ends with a summary of what it cost', async ({ bench }) => {
  bench.api.add(turn('Fix the failing test', answer('Fixed.', { input: 5900, output: 33 })));
  const summary = join(bench.folder, 'summary.md');
  const env = { PATH: pathWithCommands(bench), CODEX_METERED_RUN_ID: '4711', GITHUB_STEP_SUMMARY: summary };
  expect(STEPS).toHaveLength(2);
  for (const step of STEPS) {
    await execa('bash', ['-e', '-c', step], { cwd: bench.workTree, env: { ...bench.env, ...env }, stdin: 'ignore' });
  }
  const written = readFileSync(summary, 'utf8');
  expect(written).toContain('## Run 4711');
  expect(written).toContain('| 5,900 |');
  expect(readFileSync(join(bench.workTree, 'codex.jsonl'), 'utf8')).toContain('turn.completed');
});

test('the GitLab job of the document leaves its figures, and a comment that is updated in place', async ({ bench }) => {
  bench.api.add(turn('Review this change', answer('Good.', { input: 5900, cached: 1024, output: 33 })));
  const job = (parse(GITLAB_JOB) as { review: Record<'script' | 'after_script', string[]> }).review;
  const gitlab = await startNotes();
  const env = {
    ...{ PATH: pathWithCommands(bench), CODEX_METERED_RUN_ID: 'gitlab-12' },
    ...{ CI_API_V4_URL: gitlab.url, CI_PROJECT_ID: '1', CI_MERGE_REQUEST_IID: '7', NOTES_TOKEN: 'glpat-secret' },
  };
  const run = (line: string) =>
    execa('bash', ['-e', '-c', line], { cwd: bench.workTree, env: { ...bench.env, ...env }, stdin: 'ignore' });
  for (const line of [...job.script, ...job.after_script]) await run(line);
  expect(JSON.parse(readFileSync(join(bench.workTree, 'codex-cost.json'), 'utf8')).totals.inputTokens).toBe(5900);
  expect(readFileSync(join(bench.workTree, 'metrics.txt'), 'utf8')).toBe(
    'codex_costUsd 0.0091742\ncodex_inputTokens 5900\ncodex_cachedInputTokens 1024\ncodex_outputTokens 33\n',
  );

  const comment = (parse(GITLAB_COMMENT) as string[]).join('\n');
  await run(comment);
  await run(comment);
  expect(gitlab.requests).toEqual(['GET', 'POST', 'GET', 'PUT'].map((method) => `${method} glpat-secret`));
  expect(gitlab.notes).toHaveLength(1);
  expect(gitlab.notes[0]?.body).toContain('## Run gitlab-12');
});

/** GitLab's notes on one merge request. */
async function startNotes() {
  const notes: { id: number; body: string }[] = [];
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const { method, url = '', headers } = request;
    requests.push(`${method} ${headers['private-token']}`);
    const body = new URLSearchParams(await text(request)).get('body') ?? '';
    if (method === 'POST') notes.push({ id: notes.length + 1, body });
    if (method === 'PUT') notes.splice(Number(url.split('/').at(-1)) - 1, 1, { id: 1, body });
    response.end(JSON.stringify(notes));
  });
  const { url, close } = await listenOnLoopback(server);
  onTestFinished(close);
  return { notes, requests, url };
}

function pathWithCommands({ folder }: Workbench): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, target] of Object.entries({ codex: CODEX, 'codex-metered': METERED, 'codex-usage': USAGE })) {
    symlinkSync(target, join(bin, name));
  }
  return `${bin}${delimiter}${process.env.PATH}`;
}
