import { describe, expect, it } from 'vitest';
import { fitColumns, type MeasuredColumn } from '../../src/report/columns.js';

const NAME: MeasuredColumn = { natural: 10 };
const MODEL: MeasuredColumn = { natural: 30, least: 20, dropped: 2, drop: 'reluctantly' };
const COUNT: MeasuredColumn = { natural: 8, dropped: 1 };
const OUTCOME: MeasuredColumn = { natural: 24, least: 20 };

function fitInto(width: number): (number | '-')[] {
  const columns = [NAME, MODEL, COUNT, OUTCOME].map((column, index) => ({ ...column, index }));
  const fitted = fitColumns(columns, { width, gap: 2 });
  return columns.map(({ index }) => fitted.find((column) => column.index === index)?.width ?? '-');
}

describe('columns', () => {
  it('are as wide as their cells where there is room', () => {
    expect([fitInto(78), fitInto(200)]).toEqual([
      [10, 30, 8, 24],
      [10, 30, 8, 24],
    ]);
  });

  it('are cut from the right down to what they should have', () => {
    expect([fitInto(77), fitInto(74), fitInto(70), fitInto(64)]).toEqual([
      [10, 30, 8, 23],
      [10, 30, 8, 20],
      [10, 26, 8, 20],
      [10, 20, 8, 20],
    ]);
  });

  it('are dropped before others are cut further, and their room is used', () => {
    expect(fitInto(63)).toEqual([10, 29, '-', 20]);
  });

  it('that are dropped reluctantly stay until nothing can be cut', () => {
    expect([fitInto(53), fitInto(38), fitInto(37)]).toEqual([
      [10, 20, '-', 19],
      [10, 12, '-', 12],
      [10, '-', '-', 24],
    ]);
  });

  it('that must stay are cut last of all, and may then be too wide', () => {
    expect([fitInto(30), fitInto(20)]).toEqual([
      [10, '-', '-', 18],
      [10, '-', '-', 12],
    ]);
  });
});
