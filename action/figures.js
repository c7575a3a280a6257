/** @import { Median } from './base-branch.js' */

/**
 * Figures of a job that are compared.
 * @typedef {object} Totals
 * @property {number | null} costUsd
 * @property {number} inputTokens
 * @property {number} cachedInputTokens
 * @property {number} outputTokens
 * @property {number} responseCount
 */

/**
 * What `codex-usage run --json` says, as far as it is read here.
 * @typedef {object} Report
 * @property {Totals & { source: string | null, unpricedResponseCount: number, invocationCount: number }} totals
 */

/** @type {readonly [string, (totals: Totals) => number | null, (value: number) => string][]} */
const ROWS = [
  ['Cost', ({ costUsd }) => costUsd, formatUsd],
  ['Input tokens', ({ inputTokens }) => inputTokens, formatCount],
  ['of them cached', ({ cachedInputTokens }) => cachedInputTokens, formatCount],
  ['Output tokens', ({ outputTokens }) => outputTokens, formatCount],
  ['Responses', ({ responseCount }) => responseCount, formatCount],
];

/**
 * The figures of a job in Markdown, beside the median of its base branch where that is known.
 * @param {Report} report
 * @param {{ job: string, median: Median | undefined }} context
 */
export function describeFigures({ totals }, { job, median }) {
  const cost = totals.costUsd === null ? 'cost not known' : formatUsd(totals.costUsd);
  const lines = [`### Codex in \`${job}\`: ${mark(totals)}${cost}`, ''];
  lines.push(
    median ? `| | This run | Median of ${countRuns(median)} | |` : '| | This run |',
    median ? '| :-- | --: | --: | --: |' : '| :-- | --: |',
    ...ROWS.map(([name, read, format]) => describeRow(name, read(totals), median && read(median.totals), format)),
  );
  const remarks = describeRemarks(totals);
  return [...lines, ...(remarks.length > 0 ? ['', ...remarks] : []), ''].join('\n');
}

/** @param {Median} median */
function countRuns({ branch, runCount }) {
  return `${runCount === 1 ? '1 run' : `${runCount} runs`} on \`${branch.replaceAll(/[`|]/g, '')}\``;
}

/**
 * @param {string} name
 * @param {number | null} value
 * @param {number | null | undefined} usual
 * @param {(value: number) => string} format
 */
function describeRow(name, value, usual, format) {
  const cells = [name, value === null ? 'not known' : format(value)];
  if (usual !== undefined && usual !== null) {
    cells.push(format(usual), value === null ? '' : formatChange(value, usual));
  }
  return `| ${cells.join(' | ')} |`;
}

/** @param {Report['totals']} totals */
function describeRemarks({ source, unpricedResponseCount, responseCount }) {
  const remarks = [];
  if (source !== null && source !== 'actual') {
    remarks.push(
      '`~`: not all of it was reported by the API itself; some was read from text or estimated by a tokenizer.',
    );
  }
  if (unpricedResponseCount > 0) {
    remarks.push(
      `The cost leaves out ${unpricedResponseCount} of ${responseCount} responses: their price is not known.`,
    );
  }
  return remarks.length === 2 ? [remarks[0] ?? '', '', remarks[1] ?? ''] : remarks;
}

/** @param {Report['totals']} totals */
function mark({ source }) {
  return source === null || source === 'actual' ? '' : '~';
}

/**
 * @param {number} value
 * @param {number} usual
 */
function formatChange(value, usual) {
  if (usual === 0) return value === 0 ? '±0 %' : '';
  const percent = Math.round((value / usual - 1) * 100);
  return percent === 0 ? '±0 %' : `${percent > 0 ? '+' : '−'}${formatCount(Math.abs(percent))} %`;
}

/** @param {number} usd */
function formatUsd(usd) {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: usd < 1 ? 4 : 2, maximumFractionDigits: usd < 1 ? 4 : 2 })}`;
}

/** @param {number} count */
function formatCount(count) {
  return Math.round(count).toLocaleString('en-US');
}
