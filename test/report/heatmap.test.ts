import { describe, expect, it } from 'vitest';
import { parseDay } from '../../src/report/calendar.js';
import { renderHeatmap } from '../../src/report/heatmap.js';
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
