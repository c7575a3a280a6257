import type { Row } from './table.js';

/** Keeps decimals below decimals where some costs end with `+`. */
export function alignCosts<Key extends string>(rows: readonly Row<Key | 'cost'>[]): readonly Row<Key | 'cost'>[] {
  const costOf = ({ cells }: Row<Key | 'cost'>) => cells.cost ?? '';
  if (!rows.some((row) => costOf(row).endsWith('+'))) return rows;
  return rows.map((row) => {
    const cost = costOf(row);
    return cost.endsWith('+') ? row : { ...row, cells: { ...row.cells, cost: `${cost} ` } };
  });
}
