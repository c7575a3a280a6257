import {
  chooseCostFormat,
  cleanText,
  formatCount,
  formatDuration,
  formatPlural,
  formatRounded,
  formatShare,
} from './amounts.js';
import type { Clock } from './calendar.js';
import { COST_PARTS, type CostPart, totalOf } from './cost-split.js';
import { describeHeading } from './cost-text.js';
import { escapeMarkdown, IN_MARKDOWN, renderMarkdown, renderMarkdownTable } from './markdown.js';
import type { Paint } from './paint.js';
import type { Selection } from './selector.js';
import { type Column, type Row, renderTable, wrapText } from './table.js';
import { describeNextStep } from './why-advice.js';
import type { CacheMiss, CauseKind } from './why-causes.js';
import type { ExplainedResponse, WhyReport } from './why-report.js';

export interface WhyTextOptions {
  readonly clock: Clock;
  readonly width: number;
  readonly paint: Paint;
}

type PartColumn = 'part' | 'tokens' | 'cost' | 'share' | 'usual';

export const PART_NAMES: Readonly<Record<CostPart, string>> = {
  uncachedInput: 'Uncached input',
  cachedInput: 'Cached input',
  cacheWrite: 'Cache write',
  output: 'Output',
  reasoning: 'Reasoning',
  fees: 'Fees',
};

export const CAUSE_NAMES: Readonly<Record<CauseKind, string>> = {
  'cache-miss': 'cache misses',
  'context-shortened': 'input sent anew because the thread was shortened',
  'first-request': 'first requests of threads',
  'child-thread': 'first requests of sub-agents and reviews',
  'context-growth': 'new input',
  'context-length': 'input read from the cache',
  'long-context': 'the higher price of long requests',
  tier: 'the service tier',
  reasoning: 'reasoning',
  output: 'output',
};

/** What the counts do not tell, said so that nobody takes its absence for a finding. */
const NOT_KNOWN =
  'Not known: whether a request was a retry, and with which effort the model reasoned. Codex does not record either with its counts.';

/** Renders the report for a person, on one screen. Ends with a newline. */
export function renderWhyText(why: WhyReport, selection: Selection, options: WhyTextOptions): string {
  const { width, paint } = options;
  const sections = [
    describeHeading(why.report, selection, options),
    [renderTable(listColumns(why), listRows(why), options).text],
    describeDearest(why, selection, options.clock).flatMap(({ title, text }) => [
      paint('bold', wrapText(title, width)),
      `  ${wrapText(text, width - 2, '    ')}`,
    ]),
    describeCauses(why).map((line) => wrapText(line, width)),
    [describeNextStep(why), ...describeGaps(why)].map((line) => wrapText(line, width)),
  ];
  const filled = sections.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** The same in GitHub's Markdown. */
export function renderWhyMarkdown(why: WhyReport, selection: Selection, clock: Clock): string {
  const heading = describeHeading(why.report, selection, { ...IN_MARKDOWN, clock });
  const dearest = describeDearest(why, selection, clock).map(
    ({ title: name, text }) => `- **${escapeMarkdown(name)}**: ${escapeMarkdown(text)}`,
  );
  const table = renderMarkdownTable(listColumns(why), listRows(why));
  const paragraphs = [...describeCauses(why), describeNextStep(why), ...describeGaps(why)];
  return renderMarkdown(heading, [table, dearest.join('\n')], paragraphs);
}

function listColumns({ usual }: WhyReport): Column<PartColumn>[] {
  return [
    { key: 'part', title: 'Part', align: 'left' },
    { key: 'tokens', title: 'Tokens', align: 'right', dropOrder: 1 },
    { key: 'cost', title: 'Cost', align: 'right' },
    { key: 'share', title: 'Share', align: 'right', dropOrder: 3 },
    ...(usual
      ? [
          {
            key: 'usual',
            title: `Median of ${formatCount(usual.iterations)} others`,
            align: 'right',
            dropOrder: 2,
          } as const,
        ]
      : []),
  ];
}

function listRows({ split, usual }: WhyReport): Row<PartColumn>[] {
  const total = totalOf(split);
  const format = chooseCostFormat(Math.max(total, usual?.totalNanoUsd ?? 0));
  const parts = COST_PARTS.filter((part) => split[part].nanoUsd !== 0 || (usual?.nanoUsd[part] ?? 0) !== 0);
  const rows = parts.map((part): Row<PartColumn> => {
    const { tokens, nanoUsd } = split[part];
    return {
      cells: {
        part: PART_NAMES[part],
        tokens: part === 'fees' ? '' : formatCount(tokens),
        cost: format(nanoUsd),
        share: total > 0 ? formatShare(nanoUsd / total) : '',
        ...(usual && { usual: format(usual.nanoUsd[part]) }),
      },
    };
  });
  const sum = { part: 'Total', cost: format(total), ...(usual && { usual: format(usual.totalNanoUsd) }) };
  return [...rows, { cells: sum, style: 'bold', ruled: true }];
}

function describeDearest({ dearest }: WhyReport, { part }: Selection, clock: Clock): { title: string; text: string }[] {
  // Where one phase of one iteration is explained, the heading says so.
  const isOne = part?.phase !== undefined && part.iteration !== undefined;
  const format = formatOf(dearest.map(({ response }) => response.costNanoUsd ?? 0));
  return dearest.map((explained) => {
    const { response, phase, iteration } = explained;
    const { model, input, cachedInput, output } = response;
    const where = isOne ? '' : [phase, iteration].filter((part) => part !== undefined).join(' ');
    const tokens = `${formatRounded(input)} in (${formatRounded(cachedInput)} cached), ${formatRounded(output)} out`;
    const title = [
      format(response.costNanoUsd ?? 0),
      clock.formatMinute(response.completedAtMs),
      where,
      cleanText(model),
    ];
    return { title: `${title.filter(Boolean).join('  ')}  ${tokens}`, text: explainResponse(explained) };
  });
}

/** Explains what a response cost by its dearest cause, in sentences. */
export function explainResponse({ response, cause }: Pick<ExplainedResponse, 'response' | 'cause'>): string {
  if (!cause) return 'Not known: nothing that was recorded explains it.';
  const cost = formatOf([cause.nanoUsd])(cause.nanoUsd);
  switch (cause.kind) {
    case 'cache-miss':
      return `Cache miss: ${describeMiss(cause.miss)} It cost ${cost} more than from the cache.`;
    case 'context-shortened':
      return `The thread was shortened from ${formatCount(cause.miss.inputBefore)} to ${formatCount(response.input)} tokens (a compaction, an edit, a new page), so ${formatCount(cause.miss.sentBeforeTokens - cause.miss.cachedTokens)} tokens were billed as new: ${cost} more than from the cache.`;
    case 'first-request':
      return `The first request of its thread: ${formatCount(cause.tokens)} tokens of instructions and prompt that no cache had, ${cost}.`;
    case 'child-thread':
      return `The first request of a sub-agent or review: ${formatCount(cause.tokens)} tokens that no cache had, ${cost}.`;
    case 'context-growth':
      return `${formatCount(cause.tokens)} tokens of input were new since the response before it, such as files and the output of tools: ${cost}.`;
    case 'context-length':
      return `${formatCount(cause.tokens)} tokens of earlier context were sent again and read from the cache: ${cost}.`;
    case 'long-context':
      return `Its input of ${formatCount(cause.tokens)} tokens is billed at the higher price of long requests: ${cost} more.`;
    case 'tier':
      return `It was billed at the price of another service tier: ${cost} more than standard.`;
    case 'reasoning':
      return `${formatCount(cause.tokens)} tokens of reasoning: ${cost}.`;
    case 'output':
      return `${formatCount(cause.tokens)} tokens of output: ${cost}.`;
  }
}

function describeMiss({ sentBeforeTokens, cachedTokens, gapMs, modelBefore }: CacheMiss): string {
  const sent = `the response before had sent ${formatCount(sentBeforeTokens)} tokens of it, ${formatCount(cachedTokens)} were read from the cache`;
  const change =
    modelBefore === undefined
      ? ''
      : ` The model had been ${cleanText(modelBefore)}, and each model has a cache of its own.`;
  return `${sent}, ${formatDuration(gapMs)} later.${change}`;
}

/** What each kind of cause cost over all responses. */
function describeCauses({ causes, split }: WhyReport): string[] {
  const total = totalOf(split);
  const format = formatOf(causes.map(({ nanoUsd }) => nanoUsd));
  const shown = causes.filter(({ nanoUsd }) => nanoUsd >= total / 20).slice(0, 5);
  if (shown.length === 0) return [];
  const list = shown.map(({ kind, nanoUsd, responses }) => {
    return `${CAUSE_NAMES[kind]} ${format(nanoUsd)} (${formatShare(nanoUsd / total)}, ${formatPlural(responses, 'response')})`;
  });
  return [`By cause, which can overlap: ${list.join('; ')}.`];
}

/** Says in sentences what the report leaves out, and what the counts cannot show. */
export function describeGaps({ report, unpricedResponses, pricedResponses }: WhyReport): string[] {
  if (pricedResponses + unpricedResponses === 0) return ['No response was recorded.'];
  const unpriced =
    unpricedResponses === 0
      ? []
      : [
          `${formatPlural(unpricedResponses, 'response')} without a known price ${unpricedResponses === 1 ? 'is' : 'are'} left out.`,
        ];
  const isGuess = report.sources.some(({ source }) => source !== 'actual');
  return [
    ...unpriced,
    ...(isGuess ? ['Some counts were not reported by the API: they are estimates.'] : []),
    NOT_KNOWN,
  ];
}

function formatOf(nanoUsd: readonly number[]): (nanoUsd: number) => string {
  return chooseCostFormat(Math.max(0, ...nanoUsd));
}
