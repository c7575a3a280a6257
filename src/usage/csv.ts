/** A value of a CSV file. What is not known is null. */
export type CsvValue = string | number | null;

/** `raw`: texts stay as they are, for programs that read the file. */
export type CsvTexts = 'safe' | 'raw';

/**
 * One row, without the end of its line, quoted as RFC 4180 says; null is empty. A spreadsheet takes a text that begins with one
 * of `= + - @` (in their wide forms too), a tab or a line break for a formula, so such a text is written behind an apostrophe. Numbers stay as they are.
 */
export function writeCsvRow(values: readonly CsvValue[], texts: CsvTexts = 'safe'): string {
  return values.map((value) => (typeof value === 'string' ? quote(value, texts) : writeNumber(value))).join(',');
}

function quote(text: string, texts: CsvTexts): string {
  const safe = texts === 'raw' ? text : text.replace(/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/, "'$&");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Without an exponent, which spreadsheets show and FOCUS allows only with a capital E. */
function writeNumber(value: number | null): string {
  const text = String(value ?? '');
  return value !== null && text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}
