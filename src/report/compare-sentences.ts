import { chooseCostFormat, cleanText, formatChange, formatCount, formatPlural } from './amounts.js';
import type { Comparison, Side } from './compare-report.js';
import { type ComparedUnits, LEFT_OUT, type LeftOut } from './compare-units.js';
import { FEWEST, spreadOf } from './distribution.js';
import { describeCost } from './figures-text.js';
import { explainMarks } from './notes.js';

/** Says of each side how it differs from its baseline, and whether that is more than their spread: a sentence or two each. */
export function listSentences({ sides }: Comparison): string[] {
  return sides.flatMap((side) => {
    const { baseline } = side;
    if (!baseline) return [];
    if (side.pricedAs !== undefined) return describeRepriced(side, baseline);
    return [
      ...describeUnitDifference('iteration', [baseline, side], (one) => one.perIteration),
      ...describeUnitDifference('completed run', [baseline, side], (one) => one.perCompletedRun),
    ];
  });
}

/** Says what the costs at another model's price are, and what they are not. Undefined where there are none. */
export function describeOtherPrice({ sides }: Comparison): string | undefined {
  const repriced = sides.filter(({ pricedAs }) => pricedAs !== undefined);
  const [first] = repriced;
  if (first?.pricedAs === undefined) return undefined;
  const names = repriced.map(({ name }) => name).join(', ');
  return (
    `${names}: arithmetic at the price of ${cleanText(first.pricedAs)}, not a forecast. The same responses are priced again, ` +
    'each as of its day, with its service tier and its length. Another model would have used other tokens.'
  );
}

/** Says what is left out of the figures, and what their marks mean. */
export function listRemarks({ sides, unpricedReasons }: Comparison): string[] {
  const recorded = sides.filter(({ pricedAs }) => pricedAs === undefined);
  const repriced = sides.filter(({ pricedAs }) => pricedAs !== undefined);
  return [
    ...recorded.flatMap((side) => [...listLeftOut(side), ...describeUnassigned(side)]),
    ...recorded.flatMap((side) => explainMarks(side).map((text) => `${side.name}: ${text}`)),
    ...repriced.flatMap(({ name, totals }) => {
      if (totals.unpricedResponses === 0) return [];
      const left = `leaves out ${formatPlural(totals.unpricedResponses, 'response')}, or fees of theirs, without a price`;
      return [[`${name} ${left}.`, ...unpricedReasons].join(' ')];
    }),
  ];
}

function describeRepriced(side: Side, baseline: Side): string[] {
  const model = cleanText(side.pricedAs ?? '');
  const { totals } = side;
  if (totals.costNanoUsd === undefined) return [`At the price of ${model} no cost of ${baseline.name} is known.`];
  const cost = chooseCostFormat([totals.costNanoUsd, baseline.totals.costNanoUsd]);
  const change = side.change?.costNanoUsd;
  const difference = change === undefined ? '' : ` (${formatChange(change)})`;
  const before = describeCost(baseline.totals, { cost });
  return [
    `At the price of ${model} the responses of ${baseline.name} cost ${describeCost(totals, { cost })} instead of ${before}${difference}.`,
  ];
}

function describeUnitDifference(
  unit: string,
  sides: readonly [Side, Side],
  unitsOf: (side: Side) => ComparedUnits,
): string[] {
  const { medians, verdict } = unitsOf(sides[1]).difference ?? {};
  const named = sides.map((side) => ({ name: side.name, costs: unitsOf(side).metrics.costNanoUsd }));
  const [a, b] = named;
  if (!a || !b) return [];
  if (!a.costs || !b.costs) {
    // Two sides without any are no comparison of that kind at all.
    const missing = named.filter(({ costs }) => !costs).map(({ name }) => name);
    return missing.length === 2 ? [] : [`Per ${unit}: ${missing.join()} has none with a cost to compare.`];
  }
  const format = chooseCostFormat([a.costs.median, b.costs.median, a.costs.max, b.costs.max]);
  const amounts = `${format(b.costs.median)} against ${format(a.costs.median)} in the median`;
  if (verdict === 'the same') return [`Per ${unit} ${b.name} costs what ${a.name} costs: ${amounts}.`];
  const more = b.costs.median > a.costs.median ? 'more' : 'less';
  const change = medians?.costNanoUsd;
  const by = change === undefined ? more : `${formatChange(Math.abs(change)).replace('+', '')} ${more}`;
  const spread = `the middle half of ${a.name} is ${format(spreadOf(a.costs))} wide, that of ${b.name} ${format(spreadOf(b.costs))}`;
  const counts = `${formatCount(a.costs.count)} and ${formatCount(b.costs.count)}, and it takes ${FEWEST} of each`;
  const judged = `Per ${unit} ${b.name} costs ${by} than ${a.name}: ${amounts}. The difference is`;
  switch (verdict) {
    case 'beyond the spread':
      return [`${judged} bigger than the spread: ${spread}.`];
    case 'within the spread':
      return [`${judged} not bigger than the spread, so it may be chance: ${spread}.`];
    default:
      return [`Per ${unit} there are too few of ${a.name} and ${b.name} to say (${counts}): ${amounts}.`];
  }
}

function listLeftOut(side: Side): string[] {
  const units = [
    ['iteration', side.perIteration],
    ['run', side.perCompletedRun],
  ] as const;
  return units.flatMap(([unit, { leftOut, unpriced }]) => {
    const reasons = [
      ...Object.entries(LEFT_OUT).map(([reason, [, words]]) => [leftOut[reason as LeftOut], words] as const),
      [unpriced, 'without a price'] as const,
    ].filter(([count]) => count > 0);
    if (reasons.length === 0) return [];
    const list = reasons.map(([count, words]) => `${formatCount(count)} ${words}`).join(', ');
    return [`${side.name}: left out of the figures per ${unit}: ${list}.`];
  });
}

function describeUnassigned({ name, unassignedResponses, totals }: Side): string[] {
  if (unassignedResponses === 0) return [];
  const count = `${formatCount(unassignedResponses)} of ${formatPlural(totals.responses, 'response')}`;
  return [`${name}: ${count} belong to no run, such as those of past sessions: they are in the totals alone.`];
}
