import { describe, expect } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { readRateLimits } from '../../src/store/rate-limits.js';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { limitHeaders } from '../scripted-api/limits.js';
import { answer, shell, turn } from '../scripted-api/script.js';

const RESETS_AT = 1_900_000_000;

function readGauges({ database }: Workbench) {
  const connection = openDatabase(database, { readonly: true });
  const sql = 'SELECT context_tokens AS tokens, context_window_tokens AS windowTokens FROM invocations';
  const gauges = { limits: readRateLimits(connection), contexts: connection.prepare(sql).all() };
  connection.close();
  return gauges;
}

describe('beside what it costs, a run records', () => {
  test('what is left of rate limits, and how full the context is', async ({ bench }) => {
    const windows = (hours: number, week: number) =>
      limitHeaders({
        primary: { usedPercent: hours, windowMinutes: 300, resetsAt: RESETS_AT },
        secondary: { usedPercent: week, windowMinutes: 10_080, resetsAt: RESETS_AT + 7 },
      });
    bench.api.add(
      turn(
        'work',
        shell('echo one', { input: 5000, output: 70 }, { headers: windows(12.5, 17) }),
        answer('Done.', { input: 5400, cached: 4992, output: 61 }, { headers: windows(13, 18) }),
      ),
    );
    expectExact(bench, await bench.run(['exec', '--json', 'work']));
    expect(readGauges(bench)).toMatchObject({
      limits: [
        { limitId: 'codex', windowMinutes: 300, usedPercent: 13, resetsAtMs: RESETS_AT * 1000 },
        { limitId: 'codex', windowMinutes: 10_080, usedPercent: 18, resetsAtMs: (RESETS_AT + 7) * 1000 },
      ],
      // 95 % of the model's 272,000 tokens, as Codex counts it.
      contexts: [{ tokens: 5461, windowTokens: 258_400 }],
    });
  });

  test('nothing of limits where the provider has none, as one that is paid by the token', async ({ bench }) => {
    bench.api.add(turn('work', answer('Done.', { input: 40, output: 2 })));
    expectExact(bench, await bench.run(['exec', 'work']));
    expect(readGauges(bench)).toEqual({ limits: [], contexts: [{ tokens: 42, windowTokens: 258_400 }] });
  });
});
