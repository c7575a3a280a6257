import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CREDIT_ENTRIES } from '../../src/pricing/credit-card.js';
import { PRICE_TABLE } from '../../src/pricing/table.js';
import { UNPRICED_MODELS } from '../../src/pricing/unpriced-models.js';

const DOC = readFileSync(new URL('../../docs/pricing.md', import.meta.url), 'utf8');

/** The rows of the table below a line that begins so. */
function readRows(head: string): string[] {
  const lines = DOC.split('\n');
  const start = lines.findIndex((line) => line.startsWith(head));
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines.slice(start + 2, start + length);
}

const usd = (nanoUsdPerToken: number | null) => (nanoUsdPerToken === null ? '' : String(nanoUsdPerToken / 1000));
const row = (...cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;

describe('the document of the prices', () => {
  it('has every price of the table, and when it was last confirmed', () => {
    const rows = PRICE_TABLE.map(({ model, from, rates: { input, cachedInput, cacheWrite, output }, confirmed }) => {
      const by = confirmed?.by === 'vendor' ? 'OpenAI' : 'others';
      const rates = [usd(input), usd(cachedInput), usd(cacheWrite), usd(output)];
      return row(model, from ?? 'ever', ...rates, confirmed?.on ?? '', by);
    });
    expect(readRows('| model | from | input | cached | cache write |')).toEqual(rows);
  });

  it('has every line of the rate card for credits', () => {
    const rows = CREDIT_ENTRIES.map(({ model, from, input, cachedInput, output, fast, longInputs, basis }) => {
      const long = longInputs === 'same' ? 'the same' : 'not known';
      const known = [fast ?? 'not known', long, basis === 'card' ? 'rate card' : '25 × USD'];
      return row(model, from, input, cachedInput, output, ...known);
    });
    expect(readRows('| model | from | input | cached | output |')).toEqual(rows);
  });

  it('names the models of Codex that have no price', () => {
    for (const model of UNPRICED_MODELS.keys()) expect(DOC).toContain(`\`${model}\``);
  });
});
