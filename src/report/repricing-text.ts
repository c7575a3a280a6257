import type { Repriced, Repricing, RepricingMode } from '../store/repricing.js';
import { cleanText, formatCost, formatCount, formatPlural } from './amounts.js';
import { groupBy } from './groups.js';
import { PRICE_ADVICE } from './price-list-text.js';
import { SCHEMA_VERSION } from './sums-json.js';
import { type Column, joinSections, type Row, renderTable, type TableOptions, wrapText } from './table.js';

const COLUMNS = [
  { key: 'model', title: 'Model', align: 'left', minWidth: 14 },
  { key: 'responses', title: 'Changed', align: 'right' },
  { key: 'first', title: 'Had no price', align: 'right', dropOrder: 1 },
  { key: 'before', title: 'Before', align: 'right' },
  { key: 'after', title: 'After', align: 'right' },
  { key: 'difference', title: 'Difference', align: 'right', dropOrder: 2 },
] as const satisfies readonly Column<string>[];
type Key = (typeof COLUMNS)[number]['key'];

/** Renders the costs that a repricing has changed, or would change. Ends with a newline. */
export function renderRepricing(repricing: Repricing, mode: RepricingMode, options: TableOptions): string {
  const { changed, unpriced, responses, kept } = repricing;
  const groups = [...groupBy(changed, ({ model }) => model)].sort(([, a], [, b]) => b.length - a.length);
  const rows = groups.map(([model, ofModel]): Row<Key> => layOut(cleanText(model), ofModel));
  const total: Row<Key> = { ...layOut('total', changed), style: 'bold', ruled: true };
  const done = mode === 'write' ? 'Changed' : 'Would change';
  const head = `${done} the cost of ${formatCount(changed.length)} of ${formatPlural(responses, 'response')}.`;
  const remarks = [
    ...(kept > 0 ? [`${formatPlural(kept, 'response')} of models without a known price keep theirs.`] : []),
    ...[...unpriced].map(([model, count]) => {
      return `${cleanText(model)}: no price is known for ${formatPlural(count, 'response')}. ${PRICE_ADVICE}`;
    }),
  ];
  return joinSections([
    [head],
    changed.length === 0 ? [] : [renderTable(COLUMNS, [...rows, total], options).text],
    remarks.map((remark) => wrapText(remark, options.width)),
    mode === 'write' && changed.length > 0 ? ['The costs before are kept in the table original_costs.'] : [],
  ]);
}

export function toRepricingJson({ changed, unpriced, responses, kept }: Repricing, mode: RepricingMode): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'reprice',
    isDryRun: mode === 'dry-run',
    responseCount: responses,
    changedResponseCount: changed.length,
    keptResponseCount: kept,
    models: [...groupBy(changed, ({ model }) => model)].map(([model, ofModel]) => {
      const { first, before, after } = sum(ofModel);
      const counts = { changedResponseCount: ofModel.length, newlyPricedResponseCount: first };
      return { model, ...counts, costBeforeNanoUsd: before, costAfterNanoUsd: after };
    }),
    unpricedModels: [...unpriced].map(([model, count]) => ({ model, unpricedResponseCount: count })),
  };
}

function layOut(model: string, changed: readonly Repriced[]): Row<Key> {
  const { first, before, after } = sum(changed);
  const difference = `${after < before ? '-' : '+'}${formatCost(Math.abs(after - before))}`;
  return {
    cells: {
      ...{ model, responses: formatCount(changed.length), first: formatCount(first) },
      ...{ before: formatCost(before), after: formatCost(after), difference },
    },
  };
}

function sum(changed: readonly Repriced[]) {
  let [first, before, after] = [0, 0, 0];
  for (const { beforeNanoUsd, afterNanoUsd } of changed) {
    if (beforeNanoUsd === null) first++;
    before += beforeNanoUsd ?? 0;
    after += afterNanoUsd;
  }
  return { first, before, after };
}
