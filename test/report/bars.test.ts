import { describe, expect, it } from 'vitest';
import { renderBars } from '../../src/report/bars.js';
import { PLAIN } from '../../src/report/paint.js';

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
    expect(renderBars([{ label: 'a', amount: 0, text: 'unpriced' }], 40, PLAIN)).toEqual([
      expect.stringMatching(/^a +unpriced$/),
    ]);
  });
});
