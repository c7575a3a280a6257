import type { CreditEntry } from '../pricing/credit-card.js';
import { listCreditEntries } from '../pricing/credits.js';
import { explainCredits } from './credits.js';
import { type Column, type Row, renderTable, type TableOptions, wrapText } from './table.js';

type Key = 'from' | 'input' | 'cached' | 'output' | 'fast' | 'long' | 'basis';

const COLUMNS: readonly Column<Key>[] = [
  { key: 'from', title: 'Since', align: 'left' },
  { key: 'input', title: 'Input', align: 'right' },
  { key: 'cached', title: 'Cached', align: 'right' },
  { key: 'output', title: 'Output', align: 'right' },
  { key: 'fast', title: 'Priority', align: 'right', dropOrder: 3 },
  { key: 'long', title: 'Long inputs', align: 'left', dropOrder: 2 },
  { key: 'basis', title: 'Known from', align: 'left', dropOrder: 1 },
];

const BASES: Readonly<Record<CreditEntry['basis'], string>> = { card: 'rate card', derived: 'USD × 25' };

/** What Codex takes of the credits of a ChatGPT plan for a model, line by line; nothing where that is not known. */
export function renderCreditRates(model: string, options: TableOptions): string[] {
  const entries = listCreditEntries(model);
  if (entries.length === 0) return [];
  const { paint, width } = options;
  const rows = entries.map((entry): Row<Key> => {
    const { from, input, cachedInput, output, fast, longInputs, basis } = entry;
    const cells = {
      ...{ from, input: String(input), cached: String(cachedInput), output: String(output) },
      fast: fast === undefined ? '' : `×${fast}`,
      ...{ long: longInputs, basis: BASES[basis] },
    };
    return { cells };
  });
  return [
    paint('bold', 'What Codex takes of the credits of a ChatGPT plan'),
    paint('gray', 'Credits per million tokens'),
    '',
    renderTable(COLUMNS, rows, options).text,
    '',
    ...explainCredits({ nanoCredits: undefined, unratedResponses: 0 }).map((line) =>
      paint('gray', wrapText(line, width)),
    ),
  ];
}

/** The same as data, oldest first. What is not known is null. */
export function toCreditRatesJson(model: string): object[] {
  return listCreditEntries(model).map(({ from, input, cachedInput, output, fast, longInputs, basis }) => {
    return { from, input, cachedInput, output, priorityMultiplier: fast ?? null, longInputs, basis };
  });
}
