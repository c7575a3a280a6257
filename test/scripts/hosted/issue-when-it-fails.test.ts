import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type GitHub, startGitHub } from '../../harness/github.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/hosted/issue-when-it-fails.js', import.meta.url));
const TITLE = 'The newest Codex writes something unknown';
const NODE = process.execPath;

let github: GitHub;
beforeEach(async () => {
  github = await startGitHub();
  onTestFinished(() => github.close());
});

function watch(source: string, ...options: string[]) {
  const env = {
    ...{ GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo/shop', GITHUB_TOKEN: 'ghs_secret' },
    ...{ GITHUB_SERVER_URL: 'https://github.example', GITHUB_RUN_ID: '4711' },
  };
  return execa(NODE, [SCRIPT, '--title', TITLE, ...options, '--', NODE, '-e', source], { env, reject: false });
}

test('a command that fails becomes an issue with its output, and fails', async () => {
  const ended = await watch(
    "console.log('New: event foo'); console.error('\\x1b[31mplayed\\x1b[0m'); process.exitCode = 4",
  );
  expect(ended).toMatchObject({ exitCode: 4, stdout: 'New: event foo' });
  expect(github.issues).toHaveLength(1);
  expect(github.issues[0]?.title).toBe(TITLE);
  expect(github.issues[0]?.body).toContain('https://github.example/octo/shop/actions/runs/4711');
  expect(github.issues[0]?.body).toMatch(/New: event foo|played/);
});

test('an issue that is open is updated, and closed when the command holds again', async () => {
  await watch("console.log('first'); process.exitCode = 1");
  await watch("console.log('second'); process.exitCode = 1");
  expect(github.issues).toHaveLength(1);
  expect(github.issues[0]?.body).toContain('second');
  expect((await watch('0')).exitCode).toBe(0);
  expect(github.issues[0]?.state).toBe('closed');
});

test('an exit code that says that nothing is known opens no issue', async () => {
  expect((await watch('process.exitCode = 3', '--skip-code', '3')).exitCode).toBe(3);
  expect(github.requests).toEqual([]);
});

test('the command has no token, and a fence in its output ends nothing', async () => {
  await watch("console.log(process.env.GITHUB_TOKEN, '~~~~~~~~'); process.exitCode = 1");
  expect(github.issues[0]?.body).toContain('undefined ~\n~~~~~~~~\n');
  expect(github.issues[0]?.body).not.toContain('ghs_secret');
});

test('an issue that cannot be written is said, without the token', async () => {
  github.mayWrite = false;
  const ended = await watch('process.exitCode = 5');
  expect(ended.exitCode).toBe(5);
  expect(ended.stderr).toBe('The issue was not written: GitHub answered POST /repos/octo/shop/issues with 403.');
});

test('without a command it says how it is used', async () => {
  const ended = await execa(NODE, [SCRIPT, '--title', TITLE], { reject: false });
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain('Usage: issue-when-it-fails.js');
});
