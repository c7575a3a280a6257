import { describe, expect, test } from 'vitest';
import { advanceTotals, NO_TOTALS, type Totals } from '../../../src/agents/codex/totals.js';
import { NO_USAGE, type Usage } from '../../../src/usage/usage.js';

const usage = (input: number, output = 0): Usage => ({ ...NO_USAGE, input, output });

/** Rows as `[total, last]`, in input tokens, and what each was counted as. */
function read(rows: readonly (readonly [total: number, last?: number])[]) {
  let totals: Totals = NO_TOTALS;
  return rows.map(([total, last]) => {
    const step = advanceTotals(totals, usage(total), last === undefined ? undefined : usage(last), false);
    totals = step.totals;
    const { source, note } = step;
    return { used: step.used.input, source, restarts: totals.current.restarts, noted: note !== undefined };
  });
}

const used = (rows: Parameters<typeof read>[0]) => read(rows).map((step) => step.used);

describe('the totals of one process', () => {
  test('count what they grew by, and a repeated row counts nothing', () => {
    expect(
      used([
        [500, 500],
        [500, 500],
        [1200, 700],
        [1200, 700],
        [1200, 0],
      ]),
    ).toEqual([500, 0, 700, 0, 0]);
  });

  test('count what they grew by where the last usage is an estimate or is missing', () => {
    expect(used([[500], [1200, 90], [1500, 4000]])).toEqual([500, 700, 300]);
  });

  test('that begin at zero again count from there, and say so', () => {
    expect(
      read([
        [1200, 1200],
        [500, 500],
        [900, 400],
      ]).slice(1),
    ).toEqual([
      { used: 500, source: 'actual', restarts: 1, noted: true },
      { used: 400, source: 'actual', restarts: 1, noted: false },
    ]);
  });
});

describe('the totals of two processes in one file', () => {
  // As 0.140 wrote them when two `exec resume` of one thread ran at the same time.
  const INTERLEAVED = [
    [5900, 5900],
    [10_901, 5001],
    [10_940, 5040],
    [15_903, 5002],
    [15_990, 5050],
    [20_906, 5003],
    [21_050, 5060],
    [26_950, 5900],
  ] as const;

  test('count each response once', () => {
    expect(used(INTERLEAVED)).toEqual(INTERLEAVED.map(([, last]) => last));
    expect(read(INTERLEAVED).every(({ source, noted }) => source === 'actual' && !noted)).toBe(true);
  });

  test.each([
    [
      'have keys of their own, also where both come to the same total',
      [
        [5000, 5000],
        [6000, 1000],
        [5700, 700],
        [6500, 500],
        [6500, 800],
        [6500, 800],
      ],
      { used: [5000, 1000, 700, 500, 800, 0], restarts: [0, 0, 1, 0, 1, 1] },
    ],
    [
      'count nothing where a process begins by repeating the total that it found, as in 0.98',
      [[10_400], [16_300, 5900], [21_301, 5001], [16_300, 5900], [21_300, 5000], [27_202, 5901]],
      { used: [10_400, 5900, 5001, 0, 5000, 5901], restarts: [0, 0, 0, 1, 1, 0] },
    ],
    [
      'count each response once where each process begins at zero, as in 0.64',
      [
        [5900, 5900],
        [5001, 5001],
        [5040, 5040],
        [10_003, 5002],
        [10_090, 5050],
        [15_006, 5003],
      ],
      { used: [5900, 5001, 5040, 5002, 5050, 5003], restarts: [0, 1, 2, 1, 2, 1] },
    ],
  ] as const)('%s', (_what, totals, expected) => {
    const rows = read(totals);
    expect({ used: rows.map(({ used }) => used), restarts: rows.map(({ restarts }) => restarts) }).toEqual(expected);
  });

  test('of which one began where nobody saw it are marked as doubtful, and never counted as a whole', () => {
    expect(
      read([
        [50_000, 5000],
        [31_000, 1000],
      ])[1],
    ).toEqual({
      ...{ used: 1000, source: 'parsed', restarts: 1, noted: true },
    });
  });
});
