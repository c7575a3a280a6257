import { COUNTERS } from '../../../usage/counters.js';
import type { Sums } from '../answers.js';
import { cachedShare } from '../sums.js';
import { CachedShare, CostLink, SourceBadge, Tokens } from './figures.js';
import type { Column } from './table.js';

/** The columns that every table of sums has; the cost first, which a narrow screen shows too. It links to `hrefOf` its row. */
export function sumColumns<Row extends Sums>(hrefOf?: (row: Row) => string): Column<Row>[] {
  return [
    costColumn(hrefOf),
    sourceColumn(),
    ...COUNTERS.filter(({ shown }) => shown === 'always').flatMap(({ name, label, json }): Column<Row>[] => {
      const column = tokens<Row>(label, (row) => row[json]);
      return name === 'cachedInput' ? [column, cachedColumn()] : [column];
    }),
  ];
}

export function cachedColumn<Row extends Pick<Sums, 'inputTokens' | 'cachedInputTokens'>>(): Column<Row> {
  return {
    key: 'share',
    title: 'Cached %',
    align: 'right',
    value: (row) => cachedShare(row) ?? null,
    show: (row) => <CachedShare of={row} fine />,
  };
}

export function costColumn<Row extends Sums>(hrefOf?: (row: Row) => string): Column<Row> {
  return {
    key: 'cost',
    title: 'Cost',
    unit: 'USD',
    align: 'right',
    value: (row) => row.costUsd,
    show: (row, digits) => <CostLink of={row} digits={digits} href={hrefOf?.(row)} />,
  };
}

export function sourceColumn<Row extends Sums & { readonly evidence?: readonly string[] }>(): Column<Row> {
  return {
    key: 'source',
    title: 'Source',
    value: (row) => row.source,
    show: (row) => <SourceBadge source={row.source} evidence={row.evidence ?? []} />,
  };
}

export function tokens<Row>(title: string, count: (row: Row) => number): Column<Row> {
  return { key: title, title, align: 'right', value: count, show: (row) => <Tokens count={count(row)} /> };
}
