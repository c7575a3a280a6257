import { readFileSync } from 'node:fs';
import { GitHubError } from './github-api.js';

/** @import { GitHubApi } from './github-api.js' */

/**
 * The pull request that this job works for: one of an event `pull_request`, or of a comment on one.
 * @typedef {{ number: number, base: string }} PullRequest
 */

/**
 * @param {GitHubApi} api
 * @returns {Promise<PullRequest | undefined>}
 */
export async function findPullRequest(api) {
  const file = process.env.GITHUB_EVENT_PATH;
  const event = file ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const told = event.pull_request;
  if (told) return { number: told.number, base: told.base.ref };
  if (!event.issue?.pull_request) return undefined;
  const { number, base } = await api.request('GET', `/pulls/${event.issue.number}`);
  return { number, base: base.ref };
}

/**
 * Writes the comment of a job on a pull request, or updates the one that an earlier run of that job has written there.
 * @param {GitHubApi} api
 * @param {PullRequest} pullRequest
 * @param {{ key: string, markdown: string }} comment `key` tells it from the comments of other jobs
 */
export async function writeComment(api, { number }, { key, markdown }) {
  const marker = `<!-- codex-metered: ${key.replaceAll(/[^\w.#/ -]/g, '')} -->`;
  const body = `${marker}\n${markdown}`;
  for await (const { id, body: written, user } of api.list(`/issues/${number}/comments`)) {
    if (!written?.startsWith(marker)) continue;
    // Anyone can write the marker into a comment: that of a person is not ours to change.
    if (user?.type !== 'Bot' && user?.login !== process.env.GITHUB_ACTOR) continue;
    await api.request('PATCH', `/issues/comments/${id}`, { body });
    return;
  }
  await api.request('POST', `/issues/${number}/comments`, { body });
}

/**
 * What to do about a comment that could not be written.
 * @param {unknown} error
 */
export function adviseOnComment(error) {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof GitHubError) || ![401, 403, 404].includes(error.status)) return reason;
  return `${reason} Give the job \`permissions: pull-requests: write\`; on a pull request from a fork GitHub's token may not write.`;
}
