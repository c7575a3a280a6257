// Runs a command of a scheduled job. Where it fails, its output becomes an issue, or what an open issue of that title says;
// where it holds again, the issue is closed. The token comes from the environment and goes to GitHub alone.
//
//     node scripts/hosted/issue-when-it-fails.js --title "…" [--label L] [--skip-code N] -- npm run check:prices
import { spawn } from 'node:child_process';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { createGitHubApi } from '../../action/github-api.js';

/** GitHub takes 65,536 characters: the end says what has failed. */
const MAX_OUTPUT = 50_000;

const split = process.argv.indexOf('--');
const command = split < 0 ? [] : process.argv.slice(split + 1);
const values = readOptions(process.argv.slice(2, split < 0 ? undefined : split));
if (!values.title || command.length === 0) {
  process.stderr.write('Usage: issue-when-it-fails.js --title TITLE [--label LABEL] [--skip-code N] -- COMMAND …\n');
  process.exitCode = 2;
} else {
  process.exitCode = await watch(values.title, command);
}

/**
 * Returns no title where an option is wrong.
 * @param {string[]} args
 * @returns {{ title?: string, label?: string, 'skip-code'?: string }}
 */
function readOptions(args) {
  /** `skip-code`: an exit code of the command that says that nothing is known, so that no issue is opened or closed. */
  const options = /** @type {const} */ ({
    title: { type: 'string' },
    label: { type: 'string' },
    'skip-code': { type: 'string' },
  });
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return {};
  }
}

/**
 * @param {string} title
 * @param {readonly string[]} command
 */
async function watch(title, command) {
  const { code, output } = await run(command);
  if (String(code) === values['skip-code']) return code;
  try {
    await tell(title, code, output);
  } catch (error) {
    process.stderr.write(`The issue was not written: ${error instanceof Error ? error.message : error}\n`);
    return code === 0 ? 1 : code;
  }
  return code;
}

/**
 * Runs the command with its output on ours, and without the token.
 * @param {readonly string[]} command
 * @returns {Promise<{ code: number, output: string }>}
 */
function run([file = '', ...args]) {
  const { GITHUB_TOKEN: _, ...env } = process.env;
  // npm is a script on Windows, which a shell alone can start.
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  let output = '';
  for (const [from, to] of /** @type {const} */ ([
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])) {
    from.setEncoding('utf8').on('data', (chunk) => {
      output = (output + chunk).slice(-4 * MAX_OUTPUT);
      to.write(chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child
      .on('error', reject)
      .on('close', (code) => resolve({ code: code ?? 1, output: stripVTControlCharacters(output) }));
  });
}

/**
 * @param {string} title
 * @param {number} code
 * @param {string} output
 */
async function tell(title, code, output) {
  const { GITHUB_API_URL: url, GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token } = process.env;
  if (!url || !repository || !token) throw new Error('GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN must be set.');
  const api = createGitHubApi({ url, repository, token });
  const open = await findIssue(api, title);
  if (code === 0) {
    if (open) await api.request('PATCH', `/issues/${open.number}`, { state: 'closed' });
    return;
  }
  const body = describe(code, output);
  if (open) await api.request('PATCH', `/issues/${open.number}`, { body });
  else await api.request('POST', '/issues', { title, body, ...(values.label ? { labels: [values.label] } : {}) });
}

/**
 * @param {import('../../action/github-api.js').GitHubApi} api
 * @param {string} title
 */
async function findIssue(api, title) {
  for await (const issue of api.list('/issues?state=open')) {
    if (issue.title === title && !issue.pull_request) return issue;
  }
  return undefined;
}

/**
 * @param {number} code
 * @param {string} output
 */
function describe(code, output) {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env;
  const run = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  const fence = '~~~~~~~~';
  const end = output.trim().slice(-MAX_OUTPUT).replaceAll(fence, '~');
  return `\`${command.join(' ')}\` ended with exit code ${code} in [this run](${run}).\n\n${fence}text\n${end}\n${fence}\n`;
}
