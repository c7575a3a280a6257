import { describe, expect, it } from 'vitest';
import { parseDay } from '../../src/report/calendar.js';
import { renderBars, renderHeatmap } from '../../src/report/charts.js';
import { PLAIN } from '../../src/report/paint.js';

const day = (text: string) => parseDay(text) ?? Number.NaN;
const MONDAY = day('2026-10-26');

function render(amounts: [number, number][], options: { first?: number; last: number; width?: number }) {
  const { first = MONDAY, last, width = 80 } = options;
  const look = { width, paint: PLAIN, firstWeekday: 1, formatAmount: (amount: number) => `$${amount}` };
  return renderHeatmap(new Map(amounts), { ...look, first, last });
}

describe('the calendar', () => {
  it('has a column for each week, the darker the more, and nothing outside of the days', () => {
    const amounts = [1, 2, 3, 4].map((amount, index): [number, number] => [MONDAY + index, amount]);
    expect(render(amounts, { last: MONDAY + 8 })).toEqual([
      '     Nov',
      'Mon  ░░·',
      'Tue  ▒▒·',
      'Wed  ▓▓',
      'Thu  ██',
      'Fri  ·',
      'Sat  ·',
      'Sun  ·',
      '',
      '     ░░ to $1  ▒▒ to $2  ▓▓ to $3  ██ more',
    ]);
  });

  it('names a month above the week of its first day', () => {
    const [months] = render([], { last: day('2027-01-31') });
    expect(months).toBe('     Nov       Dec     Jan');
  });

  it('shows the newest weeks where there is no room for all', () => {
    const lines = render([[MONDAY, 5]], { first: MONDAY - 700, last: MONDAY, width: 40 });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines[1]).toMatch(/░░$/);
  });
});

describe('bars', () => {
  it('are as long as their share of the largest, and what is little is seen', () => {
    const bars = [
      { label: 'a', amount: 8, text: '$8' },
      { label: 'bc', amount: 4, text: '$4' },
      { label: 'd', amount: 0.001, text: '$0.001' },
      { label: 'e', amount: 0, text: '-' },
    ];
    expect(renderBars(bars, 28, PLAIN)).toEqual([
      'a   ████████████████      $8',
      'bc  ████████              $4',
      'd   ▏                 $0.001',
      'e                          -',
    ]);
  });

  it.each([40, 60, 200])('fit into %i columns, whatever they are called', (width) => {
    const bars = [{ label: 'a-very-long-name-of-a-project-'.repeat(3), amount: 1, text: '$1,234.56' }];
    const [line] = renderBars(bars, width, PLAIN);
    expect(line?.length).toBeLessThanOrEqual(width);
    expect(line).toMatch(/█{8} +\$1,234\.56$/);
  });

  it('of nothing are empty', () => {
    expect(renderBars([{ label: 'a', amount: 0, text: 'unpriced' }], 40, PLAIN).join()).toMatch(/^a +unpriced$/);
  });
});
