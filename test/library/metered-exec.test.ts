import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { type MeteredResponse, meteredExec } from '../../src/library/index.js';
import { expectExact, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';

const LOOP: Scenario = {
  prompt: 'loop',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'ls' }], usage: { input: 5000, cached: 256, output: 70, reasoning: 11 } },
    { message: 'All done.', usage: { input: 5900, cached: 5376, cacheWrite: 128, output: 33 } },
  ],
};
const USED = { input: 10_900, cachedInput: 5632, cacheWrite: 128, output: 103, reasoning: 11 };

const optionsOf = ({ env, workTree: cwd }: Workbench) => ({ env, cwd, output: 'pipe' }) as const;

describe('meteredExec', () => {
  test('resolves to how Codex ended and what it used, as it is recorded', async ({ bench }) => {
    bench.api.add(LOOP);
    const options = { ...optionsOf(bench), runId: 'r1', category: 'builder', iteration: 3, project: 'shop' } as const;
    const run = meteredExec(['exec', '--json', '-'], { ...options, input: 'loop' });
    const [result, stdout] = await Promise.all([run, text(run.stdout as Readable)]);
    expect(stdout).toContain('All done.');
    expect(result).toMatchObject({ exitCode: 0, signal: null, usage: USED, source: 'actual' });
    expect(result.records).toEqual([
      { model: 'gpt-5.3-codex', source: 'actual', responses: 2, usage: USED, costUsd: result.costUsd },
    ]);
    const recorded = expectExact(bench, { id: result.id, ledger: bench.api.ledger });
    expect(recorded).toMatchObject({ runId: 'r1', phase: 'builder', iteration: 3, threadId: result.threadId });
    const cost = recorded.responses.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
    expect(result.costUsd).toBe(cost / 1e9);
  });

  test('tells of each response while Codex runs', async ({ bench }) => {
    let release: () => void = () => undefined;
    const [first, second] = LOOP.replies;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    bench.api.add({ prompt: 'loop', replies: [{ ...first }, { ...second, until }] });
    const run = meteredExec(['exec', 'loop'], { ...optionsOf(bench), output: 'ignore' });
    const seen: MeteredResponse[] = [];
    for await (const response of run.responses) {
      seen.push(response);
      // The second one is not answered before the first has been told.
      release();
    }
    expect(seen.map(({ usage }) => usage.input)).toEqual([5000, 5900]);
    expect(seen.at(-1)?.total.usage).toEqual(USED);
    expect((await run).usage).toEqual(USED);
  });

  test('is stopped by its signal, and tells what was used until then', async ({ bench }) => {
    bench.api.add({ prompt: 'loop', replies: [{ ...LOOP.replies[0] }, { message: 'And so on', hang: true }] });
    const abort = new AbortController();
    const run = meteredExec(['exec', 'loop'], { ...optionsOf(bench), output: 'ignore', signal: abort.signal });
    for await (const _ of run.responses) abort.abort();
    const { usage, id, exitCode, signal } = await run;
    expect(exitCode ?? signal).not.toBe(0);
    expect(usage).toMatchObject({ input: 5000, output: 70 });
    expect(readRecord(bench.database)).toMatchObject([{ id, status: 'interrupted' }]);
  });

  test('resolves also where there is no Codex', async ({ bench }) => {
    const result = await meteredExec(['exec', 'loop'], { ...optionsOf(bench), output: 'ignore', codex: '/no/codex' });
    expect(result).toMatchObject({ exitCode: 127, id: undefined, source: undefined, records: [] });
  });
});
