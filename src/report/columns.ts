/** A column before it is known whether the table is too wide. Widths are in characters of a terminal. */
export interface MeasuredColumn {
  readonly natural: number;
  readonly dropped?: number;
  readonly least?: number;
}

export interface ColumnSpace {
  readonly width: number;
  readonly gap: number;
}

const NARROWEST = 8;

/**
 * Chooses the columns that fit into `space` and their widths: cuts long cells first, then drops columns, then cuts
 * harder. What is left may still be too wide when it must all stay.
 */
export function fitColumns<Column extends MeasuredColumn>(
  columns: readonly Column[],
  { width, gap }: ColumnSpace,
): (Column & { readonly width: number })[] {
  let kept = columns.map((column) => ({ ...column, width: Math.min(column.natural, column.least ?? column.natural) }));
  const spare = () => width - kept.reduce((total, column) => total + column.width + gap, -gap);
  const droppable = kept.filter((column) => column.dropped !== undefined);
  for (const victim of droppable.sort((a, b) => (a.dropped ?? 0) - (b.dropped ?? 0))) {
    if (spare() >= 0) break;
    kept = kept.filter((column) => column !== victim);
  }
  for (const column of kept) {
    if (column.least === undefined) continue;
    const wanted = Math.max(column.width + spare(), Math.min(column.natural, NARROWEST));
    column.width = Math.min(column.natural, wanted);
  }
  return kept;
}
