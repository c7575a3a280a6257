/** A column before it is known whether the table is too wide. Widths are in characters of a terminal. */
export interface MeasuredColumn {
  readonly natural: number;
  /** When the table is too wide, the column with the lowest number goes first, and one without a number never. */
  readonly dropped?: number;
  /** Cells may be cut off down to so many characters before a column is dropped. */
  readonly least?: number;
  /** `reluctantly`: cells are cut further before this column is dropped. */
  readonly drop?: 'reluctantly';
}

export interface ColumnSpace {
  readonly width: number;
  readonly gap: number;
}

const NARROWEST = 12;

/** Chooses the columns that fit into `space` and their widths. What must stay may still be too wide. */
export function fitColumns<Column extends MeasuredColumn>(
  columns: readonly Column[],
  { width, gap }: ColumnSpace,
): (Column & { readonly width: number })[] {
  let kept = columns.map((column) => ({ ...column, width: Math.min(column.natural, column.least ?? column.natural) }));
  const spare = () => width - kept.reduce((total, column) => total + column.width + gap, -gap);
  const cuttable = () => kept.reduce((total, column) => total + slackOf(column), 0);
  const droppable = kept.filter((column) => column.dropped !== undefined);
  for (const victim of droppable.sort((a, b) => (a.dropped ?? 0) - (b.dropped ?? 0))) {
    if (spare() + (victim.drop === 'reluctantly' ? cuttable() : 0) >= 0) break;
    kept = kept.filter((column) => column !== victim);
  }
  // The rightmost cells say the least, so they are cut first and get back last.
  for (const column of kept.toReversed()) column.width -= Math.min(slackOf(column), Math.max(0, -spare()));
  for (const column of kept) column.width += Math.min(column.natural - column.width, Math.max(0, spare()));
  return kept;
}

/** How much could be cut beyond `least`. */
function slackOf({ width, least }: MeasuredColumn & { readonly width: number }): number {
  return least === undefined ? 0 : Math.max(0, width - NARROWEST);
}
