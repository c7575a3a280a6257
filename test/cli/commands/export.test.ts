import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

function createDatabase(count = 2): string {
  const responses = Array.from({ length: count }, (_, index) => sampleResponse(`${index}`));
  const unpriced = sampleResponse('x', { model: 'new', costNanoUsd: undefined, provider: 'claude' });
  const invocation = sampleInvocation('a', { attribution: { projectId: 'a "b", c' } });
  return recordedIn([{ invocation, responses: [...responses, unpriced] }]);
}

const usage = (args: string[], database = createDatabase()) => runUsage(['export', ...args], { database });

describe('codex-usage export', () => {
  it('writes a line of CSV for each response, quoted where it must be', async () => {
    const { exitCode, stdout } = await usage([]);
    const [header, first, , last] = stdout.split('\r\n');
    expect(exitCode).toBe(0);
    expect(header).toMatch(/^completedAt,provider,projectId,runId,.*,costUsd,costNanoUsd,costExtent,tags$/);
    expect(first).toBe(
      '2026-03-04T05:06:08.000Z,codex,"a ""b"", c",nightly-7,builder,1,thread-1,thread-1,0,gpt-5.3-codex,,' +
        'actual,usage_record,1000,400,0,200,50,0.0026,2600000,whole,{}',
    );
    expect(last).toMatch(/,new,,actual,usage_record,1000,400,0,200,50,,,,\{\}$/);
  });

  it.each([1, 499, 1200])('writes %i responses as JSON and as NDJSON', async (count) => {
    const database = createDatabase(count);
    const array = JSON.parse((await usage(['--format', 'json'], database)).stdout);
    const lines = (await usage(['--format', 'ndjson'], database)).stdout.trimEnd().split('\n');
    expect(array).toHaveLength(count + 1);
    expect(lines.map((line) => JSON.parse(line))).toEqual(array);
    expect(array.at(-1)).toMatchObject({ model: 'new', costUsd: null, costNanoUsd: null, runId: 'nightly-7' });
  });

  it('writes the sums of days', async () => {
    const { stdout } = await usage(['days', '--format', 'json', '-z', 'Pacific/Kiritimati', '--provider', 'codex']);
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{ date: '2026-03-04', provider: 'codex', projectId: 'a "b", c', model: 'gpt-5.3-codex', source: 'actual' },
        ...{ responseCount: 2, unpricedResponseCount: 0, inputTokens: 2000, cachedInputTokens: 800 },
        ...{ cacheWriteTokens: 0, outputTokens: 400, reasoningTokens: 100, costUsd: 0.0052, costNanoUsd: 5_200_000 },
      },
    ]);
  });

  it('writes to a file, in the format that it is called after', async () => {
    const output = join(createFolder(), 'out.ndjson');
    writeFileSync(output, 'old');
    const { exitCode, stdout } = await usage(['--output', output]);
    expect([exitCode, stdout]).toEqual([0, `3 responses written to ${output}\n`]);
    expect(readFileSync(output, 'utf8').split('\n')).toHaveLength(4);
  });

  it('leaves the file as it was when there is nothing to write', async () => {
    const folder = createFolder();
    const output = join(folder, 'out.csv');
    writeFileSync(output, 'old');
    const { exitCode, stderr } = await usage(['--output', output, '--until', '2020-01-01']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('There is no such usage to 2020-01-01.')]);
    expect([readFileSync(output, 'utf8'), readdirSync(folder)]).toEqual(['old', ['out.csv']]);
  });

  it('says what it cannot write to, and what it does not know', async () => {
    const nowhere = await usage(['--output', '/nowhere/out.csv']);
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([2, expect.stringContaining('cannot be written')]);
    expect((await usage(['months'])).exitCode).toBe(2);
    expect((await usage(['--format', 'xml'])).exitCode).toBe(2);
  });
});
