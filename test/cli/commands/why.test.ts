import { describe, expect } from 'vitest';
import { runUsage } from '../../harness/codex-usage.js';
import { MISSED_NANO_USD, reviewInOneThread } from '../../harness/planted-causes.js';
import { test } from '../../harness/test.js';
import type { Workbench } from '../../harness/workbench.js';

const why = (bench: Workbench, ...args: string[]) => {
  return runUsage(['why', '--no-import', ...args], { database: bench.database, env: { COLUMNS: '100' } });
};

describe('codex-usage why', () => {
  test('names the cause that was planted in the third review, its price, and what to change', async ({ bench }) => {
    await reviewInOneThread(bench);
    const { stdout, exitCode } = await why(bench, 'loop/reviewer/3', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'why',
      runId: 'loop',
      phase: 'reviewer',
      iteration: 3,
      comparedWith: { iterationCount: 2 },
      dearestResponses: [
        {
          inputTokens: 22_000,
          cause: { kind: 'cache-miss', costNanoUsd: MISSED_NANO_USD, sentBeforeTokens: 21_000, cachedTokens: 0 },
          explanation: expect.stringContaining('the response before had sent 21,000 tokens of it, 0 were read'),
        },
      ],
    });

    const text = (await why(bench, 'loop/reviewer/3')).stdout;
    expect(text).toMatch(/^Run loop, phase reviewer, iteration 3\n/);
    expect(text).toMatch(/Uncached input +22,000 +\$0\.0385 +\d+% +\$0\.0184\n/);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'the response before had sent 21,000 tokens of it, 0 were read from the cache',
    );
    expect(text).toContain('Next step: ');
    expect(text.split('\n').length).toBeLessThan(30);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);

    const markdown = (await why(bench, 'loop/reviewer/3', '--markdown')).stdout;
    expect(markdown).toContain('| Uncached input | 22,000 | \\$0.0385 |');
  });

  test('claims no cache miss where there was none, of an iteration nor of the session', async ({ bench }) => {
    await reviewInOneThread(bench);
    const { stdout } = await why(bench, 'loop//2', '--json');
    const { causes, dearestResponses } = JSON.parse(stdout);
    expect(dearestResponses[0].cause.kind).not.toBe('cache-miss');
    expect(causes.map(({ kind }: { kind: string }) => kind)).not.toContain('cache-miss');
    const threadId = bench.api.ledger[0]?.threadId ?? '';
    const session = JSON.parse((await why(bench, threadId, '--json')).stdout);
    expect(session).toMatchObject({ threadId, responseCount: 3, unpricedResponseCount: 0 });
    expect(session.causes).toContainEqual({
      ...{ kind: 'cache-miss', name: 'cache misses', costNanoUsd: MISSED_NANO_USD, responseCount: 1 },
    });
  });

  test('says what there is for a run or an iteration that does not exist', async ({ bench }) => {
    await reviewInOneThread(bench);
    const unknown = await why(bench, 'nowhere');
    expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('There is no run nowhere.')]);
    expect((await why(bench, 'loop/reviewer/9')).stderr).toContain('It has reviewer 1–3.');
    expect((await why(bench, 'loop/builder')).stderr).toContain('Run loop has no phase builder.');
  });
});
