import { expect, it } from 'vitest';
import { linesBeyond, recordedIn, runUsage } from '../../harness/codex-usage.js';
import { sampleInvocation, sampleResponse } from '../../store/samples.js';

const CREDITS = ['daily', 'run', 'blocks', 'run --list'].map((line) => `${line} --unit credits`);

it.each([60, 80, 120])('reports with credits and of prices fit into %i columns', async (width) => {
  const unpriced = sampleResponse('2', { model: 'gpt-99', costNanoUsd: undefined, price: undefined });
  const claude = sampleResponse('3', { provider: 'claude', model: 'claude-opus-5' });
  const database = recordedIn([
    { invocation: sampleInvocation('a'), responses: [sampleResponse('1'), unpriced, claude] },
  ]);
  for (const line of [...CREDITS, 'prices', 'prices gpt-5.6-sol', 'reprice -n']) {
    const { stdout } = await runUsage(line.split(' '), { database, env: { COLUMNS: `${width}` } });
    expect(linesBeyond(width, stdout), line).toEqual([]);
    expect(stdout, line).not.toBe('');
  }
});
