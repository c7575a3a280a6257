import { chooseCostFormat, cleanText, formatCount, formatPlural, formatRounded, formatShare } from './amounts.js';
import type { Clock } from './calendar.js';
import { COST_PARTS, totalOf } from './cost-split.js';
import { describeHeading } from './cost-text.js';
import { escapeMarkdown, IN_MARKDOWN, renderMarkdown, renderMarkdownTable } from './markdown.js';
import type { Selection } from './selector.js';
import { type Column, joinSections, type Row, renderTable, type TableOptions, wrapText } from './table.js';
import type { WhyReport } from './why-report.js';
import { CAUSES, describeGaps, describeNextStep, explainResponse, PART_NAMES } from './why-words.js';

export interface WhyTextOptions extends TableOptions {
  readonly clock: Clock;
}

type PartColumn = 'part' | 'tokens' | 'cost' | 'share' | 'usual';

/** Renders the report for a person, on one screen. Ends with a newline. */
export function renderWhyText(why: WhyReport, selection: Selection, options: WhyTextOptions): string {
  const { width, paint } = options;
  return joinSections([
    describeHeading(why.report, selection, options),
    [renderTable(listColumns(why), listRows(why), options).text],
    describeDearest(why, selection, options.clock).flatMap(({ title, text }) => [
      paint('bold', wrapText(title, width)),
      `  ${wrapText(text, width - 2, '    ')}`,
    ]),
    describeCauses(why).map((line) => wrapText(line, width)),
    [describeNextStep(why), ...describeGaps(why)].map((line) => wrapText(line, width)),
  ]);
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

const OF_OTHERS = { key: 'usual', align: 'right', dropOrder: 2 } as const;

function listColumns({ usual }: WhyReport): Column<PartColumn>[] {
  return [
    { key: 'part', title: 'Part', align: 'left' },
    { key: 'tokens', title: 'Tokens', align: 'right', dropOrder: 1 },
    { key: 'cost', title: 'Cost', align: 'right' },
    { key: 'share', title: 'Share', align: 'right', dropOrder: 3 },
    ...(usual ? [{ ...OF_OTHERS, title: `Median of ${formatCount(usual.iterations)} others` }] : []),
  ];
}

function listRows({ split, usual }: WhyReport): Row<PartColumn>[] {
  const total = totalOf(split);
  const format = chooseCostFormat([total, usual?.totalNanoUsd]);
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
  const format = chooseCostFormat(dearest.map(({ response }) => response.costNanoUsd ?? 0));
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

/** What each kind of cause cost over all responses. */
function describeCauses({ causes, split }: WhyReport): string[] {
  const total = totalOf(split);
  const format = chooseCostFormat(causes.map(({ nanoUsd }) => nanoUsd));
  const shown = causes.filter(({ nanoUsd }) => nanoUsd >= total / 20).slice(0, 5);
  if (shown.length === 0) return [];
  const list = shown.map(({ kind, nanoUsd, responses }) => {
    return `${CAUSES[kind].name} ${format(nanoUsd)} (${formatShare(nanoUsd / total)}, ${formatPlural(responses, 'response')})`;
  });
  return [`By cause, which can overlap: ${list.join('; ')}.`];
}
