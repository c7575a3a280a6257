import { readFirstFile } from './zip.js';

/** @import { GitHubApi } from './github-api.js' */
/** @import { Report, Totals } from './figures.js' */

/** How many runs of the base branch are looked at, the newest first. */
const MAX_RUNS = 20;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * What the newest runs of a job on the base branch came to, in the middle.
 * @typedef {object} Median
 * @property {string} branch
 * @property {number} runCount
 * @property {Totals} totals
 */

/**
 * Reads the artifacts that the runs of `branch` have left; undefined where there is none to compare with.
 * @param {GitHubApi} api
 * @param {{ artifact: string, branch: string }} wanted
 * @returns {Promise<Median | undefined>}
 */
export async function readMedian(api, { artifact, branch }) {
  const found = [];
  for await (const entry of api.list(`/actions/artifacts?name=${encodeURIComponent(artifact)}`, 'artifacts')) {
    if (isOfBranch(entry, branch)) found.push(entry);
    if (found.length === MAX_RUNS) break;
  }
  const totals = (await Promise.all(found.map(({ id }) => readTotals(api, id)))).filter((one) => one !== undefined);
  if (totals.length === 0) return undefined;
  const names = /** @type {(keyof Totals)[]} */ (Object.keys(totals[0] ?? {}));
  return {
    branch,
    runCount: totals.length,
    totals: /** @type {Totals} */ (
      Object.fromEntries(names.map((name) => [name, medianOf(totals.map((one) => Number(one[name])))]))
    ),
  };
}

/**
 * A fork can have a branch of the same name, and write what it wants into its artifacts.
 * @param {{ expired: boolean, size_in_bytes: number, workflow_run?: Record<string, unknown> | null }} artifact
 * @param {string} branch
 */
function isOfBranch({ expired, size_in_bytes: bytes, workflow_run: run }, branch) {
  return !expired && bytes <= MAX_BYTES && run?.head_branch === branch && run.head_repository_id === run.repository_id;
}

/**
 * The totals of an earlier run; undefined where they are not all known, so that they would make the median too low.
 * @param {GitHubApi} api
 * @param {number} id
 * @returns {Promise<Totals | undefined>}
 */
async function readTotals(api, id) {
  try {
    /** @type {Report} */
    const { totals } = JSON.parse(readFirstFile(await api.download(id), MAX_BYTES).toString('utf8'));
    const { costUsd, inputTokens, cachedInputTokens, outputTokens, responseCount } = totals;
    const figures = { costUsd, inputTokens, cachedInputTokens, outputTokens, responseCount };
    return totals.unpricedResponseCount === 0 && Object.values(figures).every(Number.isFinite) ? figures : undefined;
  } catch {
    // It has expired meanwhile, or is of a form that this version does not know.
    return undefined;
  }
}

/** @param {readonly number[]} values */
function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
