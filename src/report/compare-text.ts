import { chooseCostFormat, cleanText, formatCount, formatModels } from './amounts.js';
import type { Comparison, Side } from './compare-report.js';
import { describeOtherPrice, listRemarks, listSentences } from './compare-sentences.js';
import { layOutTotals, renderTotals, writeChange } from './compare-totals.js';
import type { ComparedUnits } from './compare-units.js';
import type { Verdict } from './distribution.js';
import { escapeMarkdown, renderMarkdown, renderMarkdownTable } from './markdown.js';
import {
  type Column,
  describeMissing,
  joinSections,
  type Row,
  renderTable,
  type TableOptions,
  wrapText,
} from './table.js';

/** Renders the comparison for a person: what is compared, totals, costs per iteration and run, and what follows. Ends with a newline. */
export function renderComparison(comparison: Comparison, options: TableOptions): string {
  const { sides } = comparison;
  const { width, paint } = options;
  const meaning = describeOtherPrice(comparison);
  const rows = listUnitRows(sides);
  const units = rows.length === 0 ? undefined : renderTable(UNIT_COLUMNS, rows, options);
  const remarks = [...(units ? describeMissing(units) : []), ...listRemarks(comparison)];
  return joinSections([
    sides.map((side) => wrapText(nameSide(side, sides), width, '    ')),
    [renderTotals(sides, options).join('\n\n')],
    units ? [units.text] : [],
    listSentences(comparison).map((text) => wrapText(text, width)),
    meaning === undefined ? [] : [paint('yellow', wrapText(meaning, width))],
    remarks.map((text) => paint('gray', wrapText(text, width))),
  ]);
}

/** The same in GitHub's Markdown. */
export function renderComparisonMarkdown(comparison: Comparison): string {
  const { sides } = comparison;
  const meaning = describeOtherPrice(comparison);
  const { columns, rows } = layOutTotals(sides);
  const units = listUnitRows(sides);
  const sections = [
    sides.map((side) => `- ${escapeMarkdown(nameSide(side, sides))}`).join('\n'),
    renderMarkdownTable(columns, rows),
    ...(units.length === 0 ? [] : [renderMarkdownTable(UNIT_COLUMNS, units)]),
    ...listSentences(comparison).map(escapeMarkdown),
    ...(meaning === undefined ? [] : [`**${escapeMarkdown(meaning)}**`]),
  ];
  return renderMarkdown(['Comparison'], sections, listRemarks(comparison));
}

/** `A  run nightly-6, project shop: gpt-5.4 (baseline)` */
function nameSide({ name, operand, pricedAs, baseline, totals }: Side, sides: readonly Side[]): string {
  if (pricedAs !== undefined) return `${name.padEnd(2)}  ${baseline?.name} at the price of ${cleanText(pricedAs)}`;
  const models = operand.kind === 'model' || totals.models.length === 0 ? '' : `: ${formatModels(totals.models)}`;
  const mark = !baseline && sides.length > 1 ? ' (baseline)' : '';
  return `${name.padEnd(2)}  ${cleanText(operand.label)}${models}${mark}`;
}

const UNIT_COLUMNS = [
  { key: 'unit', title: 'Cost per', align: 'left' },
  { key: 'side', title: '', align: 'left' },
  { key: 'count', title: 'n', align: 'right' },
  { key: 'median', title: 'Median', align: 'right' },
  { key: 'middle', title: 'Middle half', align: 'right', dropOrder: 3 },
  { key: 'range', title: 'Least to most', align: 'right', dropOrder: 2 },
  { key: 'change', title: 'Change', align: 'right' },
  { key: 'verdict', title: 'Spread', align: 'left', dropOrder: 1, omitted: 'silently' },
] as const satisfies readonly Column<string>[];
type UnitColumn = (typeof UNIT_COLUMNS)[number]['key'];

const VERDICTS: Readonly<Record<Verdict, string>> = {
  'too few': 'too few',
  'beyond the spread': 'beyond',
  'within the spread': 'within',
  'the same': 'the same',
};

/** A block of rows for each unit: a row for each side. Empty where no side has an invocation. */
function listUnitRows(sides: readonly Side[]): Row<UnitColumn>[] {
  if (sides.every(({ invocations }) => invocations.statuses.length === 0)) return [];
  const statistics = sides.flatMap(({ perIteration, perCompletedRun }) => [perIteration, perCompletedRun]);
  const cost = chooseCostFormat(statistics.map(({ metrics }) => metrics.costNanoUsd?.max));
  const phases = [...new Set(sides.flatMap((side) => side.phases.map(({ phase }) => phase)))];
  const blocks: [title: string, read: (side: Side) => ComparedUnits | undefined][] = [
    ['iteration', (side) => side.perIteration],
    ...phases.map((phase): (typeof blocks)[number] => {
      return [`  ${phase}`, (side) => side.phases.find((one) => one.phase === phase)?.perIteration];
    }),
    ['completed run', (side) => side.perCompletedRun],
  ];
  return blocks.flatMap(([title, read]) =>
    sides.map((side, index): Row<UnitColumn> => {
      const units = read(side);
      const { medians, verdict } = units?.difference ?? {};
      const cells = {
        unit: index === 0 ? title : '',
        side: side.name,
        ...writeCosts(units, cost),
        change: side.baseline ? writeChange(medians, 'costNanoUsd') : '',
        verdict: verdict ? VERDICTS[verdict] : '',
      };
      return { cells, ruled: index === 0 };
    }),
  );
}

function writeCosts(units: ComparedUnits | undefined, cost: (nanoUsd: number) => string) {
  const costs = units?.metrics.costNanoUsd;
  if (!units || !costs) return { count: '0', median: '-', middle: '-', range: '-' };
  const { isActual, costExtent } = units;
  const { count, min, median, max, quartiles } = costs;
  return {
    count: formatCount(count),
    median: (isActual ? '' : '~') + cost(median) + (costExtent === 'partial' ? '+' : ''),
    middle: quartiles ? quartiles.map(cost).join('–') : '-',
    range: `${cost(min)}–${cost(max)}`,
  };
}
