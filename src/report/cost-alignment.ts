import type { Row } from './table.js';

type CostRow<Key extends string> = Row<Key | 'cost' | 'credits'>;

/** Keeps decimals below decimals where some costs or credits end with `+`. */
export function alignCosts<Key extends string>(rows: readonly CostRow<Key>[]): readonly CostRow<Key>[] {
  return align(align(rows, 'cost'), 'credits');
}

function align<Key extends string>(rows: readonly CostRow<Key>[], column: 'cost' | 'credits'): readonly CostRow<Key>[] {
  const textOf = ({ cells }: CostRow<Key>) => cells[column] ?? '';
  if (!rows.some((row) => textOf(row).endsWith('+'))) return rows;
  return rows.map((row) => {
    const text = textOf(row);
    return text.endsWith('+') ? row : { ...row, cells: { ...row.cells, [column]: `${text} ` } };
  });
}
