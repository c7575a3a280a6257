import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readMedian } from './base-branch.js';
import { describeFigures } from './figures.js';
import { createGitHubApi } from './github-api.js';
import { scriptOf } from './package.js';
import { adviseOnComment, findPullRequest, writeComment } from './pull-request.js';
import { ActionError, addSummary, annotate, readInput, runStep, setOutput } from './runner.js';
import { findWorkplace, readSettings } from './workplace.js';

/** @import { Median } from './base-branch.js' */
/** @import { Report } from './figures.js' */
/** @import { GitHubApi } from './github-api.js' */
/** @import { PullRequest } from './pull-request.js' */
/** @import { Workplace } from './workplace.js' */

/** GitHub takes 65,536 characters in a comment. */
const MAX_COMMENT = 60_000;

await runStep(report);

async function report() {
  const workplace = findWorkplace();
  if (!workplace) {
    throw new ActionError(
      'There is nothing to report: use this action without `step` before Codex is called in this job.',
    );
  }
  const { runId, problem } = readSettings(workplace);
  const asked = problem ? { problem } : readRun(workplace, runId);
  if (asked.problem !== undefined) {
    addSummary(`### Codex in \`${nameJob()}\`\n\nNothing was recorded: ${asked.problem}`);
    annotate('warning', asked.problem);
    return;
  }
  const { json, details } = asked;
  /** @type {Report} */
  const figures = JSON.parse(json);
  writeFileSync(workplace.report, json);
  writeOutputs(figures, workplace);
  const { api, pullRequest, median } = await lookAtPullRequest();
  const short = describeFigures(figures, { job: nameJob(), median });
  addSummary(`${short}\n${details}`);
  if (api && pullRequest && readInput('comment') === 'true') await comment(api, pullRequest, short, details);
}

/**
 * @param {Workplace} workplace
 * @param {string} runId
 * @returns {{ problem: string } | { problem?: undefined, json: string, details: string }}
 */
function readRun(workplace, runId) {
  const json = ask(workplace, ['run', runId, '--json']);
  if (json.status !== 0) return { problem: explain(json) };
  const markdown = ask(workplace, ['run', runId, '--markdown']);
  return markdown.status === 0 ? { json: json.stdout, details: markdown.stdout } : { problem: explain(markdown) };
}

/**
 * @param {Workplace} workplace
 * @param {readonly string[]} args
 */
function ask(workplace, args) {
  // The token is for GitHub alone.
  const { GITHUB_TOKEN: _, ...env } = process.env;
  return spawnSync(process.execPath, [scriptOf(workplace, 'codex-usage'), ...args], {
    env: { ...env, CODEX_METERED_DB: workplace.database, CODEX_METERED_STATE_DIR: workplace.stateFolder },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
}

/** @param {{ stdout: string, stderr: string, error?: Error }} answer */
function explain({ stdout, stderr, error }) {
  try {
    const { kind, message } = JSON.parse(stdout).error;
    return kind === 'nothing-metered'
      ? 'Codex was not called in this job, or not by the name `codex` on PATH.'
      : message;
  } catch {
    return stderr.trim() || error?.message || 'codex-usage gave no answer.';
  }
}

/**
 * @param {Report} report
 * @param {Workplace} workplace
 */
function writeOutputs({ totals }, workplace) {
  setOutput('cost-usd', totals.costUsd);
  setOutput('input-tokens', totals.inputTokens);
  setOutput('cached-input-tokens', totals.cachedInputTokens);
  setOutput('output-tokens', totals.outputTokens);
  setOutput('source', totals.source);
  setOutput('unpriced-responses', totals.unpricedResponseCount);
  setOutput('report', workplace.report);
  const artifact = nameArtifact();
  setOutput('artifact', artifact === 'none' ? '' : artifact);
}

/**
 * The pull request and the median of its base branch. What GitHub does not tell is left out and said at the job: what
 * Codex has used is known without it.
 * @returns {Promise<{ api?: GitHubApi, pullRequest?: PullRequest, median: Median | undefined }>}
 */
async function lookAtPullRequest() {
  const { GITHUB_API_URL: url, GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token } = process.env;
  if (!url || !repository || !token) return { median: undefined };
  const api = createGitHubApi({ url, repository, token });
  try {
    const pullRequest = await findPullRequest(api);
    if (!pullRequest) return { median: undefined };
    return { api, pullRequest, median: await readBase(api, pullRequest) };
  } catch (error) {
    annotate('warning', `The pull request of this job is not known. ${adviseOnComment(error)}`);
    return { median: undefined };
  }
}

/**
 * @param {GitHubApi} api
 * @param {PullRequest} pullRequest
 */
async function readBase(api, { base }) {
  try {
    const artifact = nameArtifact();
    return artifact === 'none' ? undefined : await readMedian(api, { artifact, branch: base });
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    annotate(
      'warning',
      `There is no comparison with ${base}. ${reason} Does the job have \`permissions: actions: read\`?`,
    );
    return undefined;
  }
}

/**
 * @param {GitHubApi} api
 * @param {PullRequest} pullRequest
 * @param {string} short
 * @param {string} details
 */
async function comment(api, pullRequest, short, details) {
  const folded = `${short}\n<details><summary>Each call</summary>\n\n${details}\n</details>\n`;
  const markdown = folded.length > MAX_COMMENT ? short : folded;
  try {
    await writeComment(api, pullRequest, { key: nameComment(), markdown });
  } catch (error) {
    annotate('warning', `The comment was not written. ${adviseOnComment(error)}`);
  }
}

/** What GitHub allows in the name of an artifact. */
function nameArtifact() {
  return (readInput('artifact') ?? `codex-cost-${nameJob()}`).replaceAll(/["<>|*?:\r\n\\/]/g, '-');
}

/** Jobs of a matrix have one name, but an artifact each. */
function nameComment() {
  const artifact = nameArtifact();
  return `${process.env.GITHUB_WORKFLOW ?? ''}/${artifact === 'none' ? nameJob() : artifact}`;
}

function nameJob() {
  return process.env.GITHUB_JOB ?? 'job';
}
