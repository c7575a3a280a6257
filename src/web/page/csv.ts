import { type CsvValue, writeCsvRow } from '../../usage/csv.js';

/** Lets the browser save `rows` as a file. */
export function saveCsv(name: string, titles: readonly string[], rows: readonly (readonly CsvValue[])[]): void {
  const text = [titles, ...rows].map((row) => writeCsvRow(row)).join('\r\n');
  const url = URL.createObjectURL(new Blob([`${text}\r\n`], { type: 'text/csv;charset=utf-8' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: `${name}.csv` });
  link.click();
  URL.revokeObjectURL(url);
}
