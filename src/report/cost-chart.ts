import { chooseCostFormat, formatCount, formatRounded, formatShare } from './amounts.js';
import { renderBars } from './charts.js';
import type { CostReport } from './cost-report.js';
import { type Figures, sumParts } from './figures.js';
import { describeCost } from './figures-text.js';
import type { Paint } from './paint.js';

/** More bars than a screen has lines show less: then several iterations share a bar. */
const MOST_BARS = 40;

/**
 * Draws a bar for each iteration of a run, or for several iterations together. Where there is only one, or the report is
 * that of a session, draws a bar for each phase and one for what was not metered.
 */
export function renderCostChart(report: CostReport, width: number, paint: Paint): string {
  const { totals, iterations, phases } = report;
  const isPriced = (totals.costNanoUsd ?? 0) > 0;
  const amountOf = ({ costNanoUsd, usage }: Figures) => (isPriced ? (costNanoUsd ?? 0) : usage.input + usage.output);
  const unmetered =
    report.unmetered.length === 0 ? [] : [{ label: 'not metered', figures: sumParts(report.unmetered) }];
  const ofPhases = [...phases.map(({ phase, figures }) => ({ label: String(phase), figures })), ...unmetered];
  const parts = iterations.length > 1 ? groupIterations(iterations) : ofPhases;
  const cost = chooseCostFormat(Math.max(0, ...parts.map(({ figures }) => figures.costNanoUsd ?? 0)));
  const bars = parts.map(({ label, figures }) => {
    const amount = amountOf(figures);
    const share = amount === 0 ? '' : formatShare(amount / amountOf(totals));
    const text = isPriced ? describeCost(figures, { cost }) : formatRounded(amount);
    // Keeps decimals below decimals where some costs end with `+`.
    const aligned = isPriced && totals.unpricedResponses > 0 && !text.endsWith('+') ? `${text} ` : text;
    return { label, amount, text: `${aligned} ${share.padStart(4)}` };
  });
  const sum = isPriced ? describeCost(totals, { cost }) : `${formatRounded(amountOf(totals))} tokens`;
  return `${renderBars(bars, width, paint).join('\n')}\n\n${paint('bold', 'Total')}  ${sum}`;
}

function groupIterations(iterations: CostReport['iterations']): { label: string; figures: Figures }[] {
  const size = Math.ceil(iterations.length / MOST_BARS);
  const width = formatCount(iterations.at(-1)?.iteration ?? 0).length;
  return Array.from({ length: Math.ceil(iterations.length / size) }, (_, index) => {
    const group = iterations.slice(index * size, (index + 1) * size);
    const [first = 0, last = 0] = [group[0]?.iteration, group.at(-1)?.iteration];
    const numbers = [...new Set([first, last])].map((number) => formatCount(number).padStart(width));
    return { label: `iteration ${numbers.join('–')}`, figures: sumParts(group) };
  });
}
