import { describe, expect, test } from 'vitest';
import type { FollowedFile } from '../../src/meter/followed-file.js';
import type { OutputFacts } from '../../src/meter/output-reader.js';
import { checkTurnTotal } from '../../src/meter/settlement.js';
import { NO_USAGE, type Usage } from '../../src/usage/usage.js';
import { sampleResponse } from '../store/samples.js';

const usage = (more: Partial<Usage>): Usage => ({ ...NO_USAGE, ...more });

/** What Codex claims in its stream against what its session file counts. */
function check(claims: Usage[], counted: Usage[], total: Usage) {
  const responses = counted.map((one, index) => sampleResponse(`r${index}`, { usage: one }));
  const root = { path: '', unreadable: new Map(), thread: { responses, totals: [total] } } as unknown as FollowedFile;
  return checkTurnTotal({ turnTotals: claims } as unknown as OutputFacts, root);
}

const ONE = usage({ input: 500, cachedInput: 20, cacheWrite: 3, output: 31, reasoning: 3 });
const TWO = usage({ input: 1000, cachedInput: 40, cacheWrite: 6, output: 62, reasoning: 6 });

describe('turn.completed', () => {
  test('may be what the turn used, or the thread in its whole life', () => {
    expect(check([TWO], [ONE, ONE], TWO)).toEqual([]);
    expect(check([TWO], [ONE], TWO)).toEqual([]);
    expect(check([ONE, TWO], [ONE], TWO)).toEqual([]);
  });

  test('makes no claim where it is zero or missing, nor where there is no session file', () => {
    expect(check([NO_USAGE], [ONE], ONE)).toEqual([]);
    expect(check([], [ONE], ONE)).toEqual([]);
    expect(checkTurnTotal({ turnTotals: [ONE] } as unknown as OutputFacts, undefined)).toEqual([]);
  });

  test('of an older Codex lacks counters: they are not compared', () => {
    expect(check([{ ...ONE, cacheWrite: 0, reasoning: 0 }], [ONE], ONE)).toEqual([]);
  });

  test.for([{ input: 501 }, { cachedInput: 21 }, { cacheWrite: 4 }, { output: 30 }, { reasoning: 2 }])(
    'that is anything else is a disagreement: %j',
    (more) => {
      expect(check([{ ...ONE, ...more }], [ONE], ONE)).toMatchObject([
        { kind: 'disagreement', figures: { countedInput: 500, countedOutput: 31 } },
      ]);
    },
  );
});
