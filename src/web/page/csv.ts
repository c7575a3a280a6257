export type Cell = string | number | null;

/** Lets the browser save `rows` as a file. */
export function saveCsv(name: string, titles: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const text = [titles, ...rows].map((row) => row.map(quote).join(',')).join('\r\n');
  const url = URL.createObjectURL(new Blob([`${text}\r\n`], { type: 'text/csv;charset=utf-8' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: `${name}.csv` });
  link.click();
  URL.revokeObjectURL(url);
}

function quote(cell: Cell): string {
  if (typeof cell === 'number') return String(cell);
  // A spreadsheet takes what begins so for a formula.
  const text = (cell ?? '').replace(/^[=+\-@\t\r]/, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
