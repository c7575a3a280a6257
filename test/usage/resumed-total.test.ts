import { describe, expect, it } from 'vitest';
import { findRunUsage, findRunUsageOfBlend } from '../../src/usage/resumed-total.js';
import { NO_USAGE, type Usage } from '../../src/usage/usage.js';

const usage = (more: Partial<Usage>): Usage => ({ ...NO_USAGE, ...more });
const TOTAL = usage({ input: 1000, cachedInput: 600, output: 40, reasoning: 10 });
const known = (recorded: Usage, codexVersion?: string) => ({ usage: recorded, codexVersion });

describe('of the total that a run prints, its own share', () => {
  it('is all where nothing is recorded before', () => {
    expect(findRunUsage(TOTAL, known(NO_USAGE))).toEqual({ part: 'all', usage: TOTAL });
  });

  it('is the rest where less is recorded before', () => {
    const recorded = usage({ input: 700, cachedInput: 600, output: 30, reasoning: 10 });
    expect(findRunUsage(TOTAL, known(recorded))).toEqual({ part: 'rest', usage: usage({ input: 300, output: 10 }) });
  });

  it('is nothing, and never all, where just as much is recorded before', () => {
    expect(findRunUsage(TOTAL, known(TOTAL))).toEqual({ part: 'nothing', usage: NO_USAGE });
    expect(findRunUsageOfBlend(440, known(TOTAL))).toEqual({ part: 'nothing', usage: NO_USAGE });
  });

  it('leaves alone counters that the output of an older Codex does not have', () => {
    const old = usage({ input: 1000, cachedInput: 600, output: 40 });
    expect(findRunUsage(old, known(TOTAL))).toMatchObject({ part: 'nothing' });
    const more = findRunUsage({ ...old, input: 1500 }, known(TOTAL));
    expect(more).toEqual({ part: 'rest', usage: usage({ input: 500 }) });
  });

  it('is all where more is recorded before, unless Codex is known to count over the thread', () => {
    const recorded = usage({ input: 5000, cachedInput: 100, output: 30 });
    for (const version of [undefined, '0.77.0']) {
      expect(findRunUsage(TOTAL, known(recorded, version))).toEqual({ part: 'all', usage: TOTAL });
    }
    for (const version of ['0.80.0', '0.171.0', '1.0.0']) {
      const own = usage({ output: 10, reasoning: 10 });
      expect(findRunUsage(TOTAL, known(recorded, version))).toEqual({ part: 'rest', usage: own });
    }
  });
});
