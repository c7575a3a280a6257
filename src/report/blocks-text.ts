import { chooseCostFormat, formatCents, formatCount, formatDuration, formatModels, formatRounded } from './amounts.js';
import type { Block, BlocksReport } from './blocks.js';
import type { Clock } from './calendar.js';
import type { TableExtent } from './cost-table.js';
import { explainCredits } from './credits.js';
import { describeFigures, layOutBranches, type NumberFormats } from './figures-text.js';
import { explainMarks } from './notes.js';
import {
  alignDecimals,
  type Column,
  joinSections,
  type Row,
  renderFirstFitting,
  type TableOptions,
  wrapText,
} from './table.js';

export interface BlocksTextOptions extends TableOptions {
  readonly clock: Clock;
  readonly extent: TableExtent;
  readonly detail: 'entries' | 'models';
}

const COLUMNS = [
  { key: 'started', title: 'From', align: 'left' },
  { key: 'until', title: 'To', align: 'left', dropOrder: 4 },
  { key: 'provider', title: 'Provider', align: 'left', dropOrder: 7 },
  { key: 'model', title: 'Models', align: 'left', dropOrder: 3, minWidth: 16, drop: 'reluctantly' },
  { key: 'input', title: 'Input', align: 'right', dropOrder: 6 },
  { key: 'cachedInput', title: 'Cached', align: 'right', dropOrder: 2 },
  { key: 'output', title: 'Output', align: 'right', dropOrder: 5 },
  { key: 'tokens', title: 'Tokens', align: 'right', dropOrder: 1 },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
] as const satisfies readonly Column<string>[];
type Key = (typeof COLUMNS)[number]['key'];
const COMPACT: readonly Key[] = ['started', 'provider', 'tokens', 'cost', 'credits'];

/** Renders the windows for a person: a table, what the open ones may cost, what the marks mean. Ends with a newline. */
export function renderBlocksText(report: BlocksReport, options: BlocksTextOptions): string {
  const { width, paint, extent, detail } = options;
  const cost = chooseCostFormat([report.totals.costNanoUsd]);
  const columns = COLUMNS.filter(({ key }) => {
    if (key === 'credits' && !report.totals.credits) return false;
    return extent === 'full' || COMPACT.includes(key) || (key === 'model' && detail === 'models');
  });
  const rows = [formatCount, formatRounded].map((count) => () => layOut(report, { count, cost }, options));
  const open = report.blocks.flatMap((block) => describeOutlook(block, options));
  const remarks = [
    ...explainParts(report, options),
    ...explainMarks(report, cost),
    ...explainCredits(report.totals.credits),
  ];
  return joinSections([
    [paint('bold', 'Usage by window of five hours'), paint('gray', report.timeZone)],
    [renderFirstFitting(columns, rows, options).text],
    open.map((line) => wrapText(line, width)),
    remarks.map((remark) => paint('gray', wrapText(remark, width))),
  ]);
}

function layOut(report: BlocksReport, formats: NumberFormats, { clock, detail }: BlocksTextOptions) {
  const describe = (figures: Block['figures']) => describeFigures(figures, formats);
  const rows = report.blocks.flatMap(({ provider, startMs, endMs, figures, models, outlook }): Row<Key>[] => {
    const cells = {
      ...describe(figures),
      started: clock.formatMinute(startMs),
      until: `${clock.formatTime(endMs).slice(0, 5)}${outlook ? ' open' : ''}`,
      provider,
      model: formatModels(models.map(({ model }) => model)),
    };
    const row: Row<Key> = { cells, ...(outlook ? { style: 'green' } : {}) };
    return [row, ...(detail === 'models' ? layOutBranches(models, (part) => describe(part.figures)) : [])];
  });
  const total = { ...describe(report.totals), started: 'total' };
  return alignDecimals<Key>([...rows, { cells: total, style: 'bold', ruled: true }], 'cost', 'credits');
}

/** Names the windows of which a part lies outside of the days asked for: days begin and end within windows. */
function explainParts({ blocks }: BlocksReport, { clock }: BlocksTextOptions): string[] {
  const cut = blocks.filter(({ extent }) => extent === 'part');
  if (cut.length === 0) return [];
  const which = cut.map(({ startMs, provider }) => `${clock.formatMinute(startMs)} (${provider})`).join(', ');
  return [`Of the window from ${which} only what was used on the days asked for is counted.`];
}

function describeOutlook({ provider, outlook }: Block, { paint }: BlocksTextOptions) {
  if (!outlook) return [];
  const { leftMs, nanoUsdPerHour, costNanoUsd } = outlook;
  const money =
    nanoUsdPerHour === undefined || costNanoUsd === undefined
      ? ''
      : `, ${formatCents(nanoUsdPerHour)} an hour so far: about ${formatCents(costNanoUsd)} at its end`;
  return [`${paint('bold', 'Open')}  ${provider}: ${formatDuration(leftMs)} left${money}`];
}
