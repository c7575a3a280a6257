import { COUNTERS } from '../../../usage/counters.js';
import type { Sums } from '../answers.js';
import { formatDuration, formatMinute } from '../format.js';
import { cachedShare } from '../sums.js';
import { CachedShare, CostLink, None, SourceBadge, Tokens } from './figures.js';
import type { Column } from './table.js';

/** The columns that every table of sums has behind its cost. */
export function sumColumns<Row extends Sums & { readonly evidence?: readonly string[] }>(): Column<Row>[] {
  return [
    sourceColumn(),
    ...COUNTERS.filter(({ shown }) => shown === undefined).flatMap(({ name, label, json }): Column<Row>[] => {
      const column = countColumn<Row>(label, (row) => row[json]);
      return name === 'cachedInput' ? [column, cachedColumn()] : [column];
    }),
  ];
}

export function cachedColumn<Row extends Pick<Sums, 'inputTokens' | 'cachedInputTokens'>>(): Column<Row> {
  return {
    title: 'Cached %',
    align: 'right',
    value: (row) => cachedShare(row) ?? null,
    show: (row) => <CachedShare of={row} fine />,
  };
}

/** The cost of each row, which links to `hrefOf` it. It comes first, because a narrow screen shows the first columns alone. */
export function costColumn<Row extends Sums>(hrefOf?: (row: Row) => string): Column<Row> {
  return partCostColumn('Cost', (row) => row, hrefOf);
}

/** What a part of each row cost; undefined where a row has no such part. */
export function partCostColumn<Row>(
  title: string,
  partOf: (row: Row) => Sums | undefined,
  hrefOf?: (row: Row) => string,
): Column<Row> {
  return {
    title,
    unit: 'USD',
    align: 'right',
    value: (row) => partOf(row)?.costUsd ?? null,
    show: (row, digits) => {
      const part = partOf(row);
      return part ? <CostLink of={part} digits={digits} href={hrefOf?.(row)} /> : <None />;
    },
  };
}

export function sourceColumn<Row extends Sums & { readonly evidence?: readonly string[] }>(): Column<Row> {
  return {
    title: 'Source',
    value: (row) => row.source,
    show: (row) => <SourceBadge source={row.source} evidence={row.evidence} />,
  };
}

export function countColumn<Row>(title: string, count: (row: Row) => number): Column<Row> {
  return { title, align: 'right', value: count, show: (row) => <Tokens count={count(row)} /> };
}

export function timeColumn<Row>(title: string, iso: (row: Row) => string): Column<Row> {
  return { title, value: iso, show: (row) => <time dateTime={iso(row)}>{formatMinute(iso(row))}</time> };
}

export function durationColumn<Row>(ms: (row: Row) => number): Column<Row> {
  return {
    ...{ title: 'Time', unit: 'seconds', align: 'right' },
    value: (row) => ms(row) / 1000,
    show: (row) => formatDuration(ms(row)),
  };
}

/** The models of each row, as a text. */
export function modelColumn<Row>(modelsOf: (row: Row) => readonly string[]): Column<Row> {
  return { title: 'Model', value: (row) => [...new Set(modelsOf(row))].join(' ') || null };
}
