import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { runUsage } from '../../harness/codex-usage.js';
import { listPoints, startCollector } from '../../harness/otlp-collector.js';
import { parseSeries } from '../../harness/prometheus.js';
import { waitFor } from '../../harness/wait.js';
import { openWorkbench, USAGE } from '../../harness/workbench.js';
import { createFolder, createStore, sampleInvocation, sampleResponse } from '../../store/samples.js';

function createDatabase(): string {
  const path = join(createFolder(), 'usage.db');
  createStore(path).record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
  return path;
}

describe('codex-usage metrics', () => {
  it('writes what the API has reported of real runs of Codex, also of several at once, and sends the same', async () => {
    const bench = await openWorkbench();
    try {
      const ended = await Promise.all(
        ['one', 'two', 'three'].map((prompt) => bench.run(['exec', '--skip-git-repo-check', prompt])),
      );
      expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      const { stdout } = await execa(process.execPath, [USAGE, 'metrics'], { env: bench.env, extendEnv: false });
      const series = parseSeries(stdout);
      const sumOf = (name: string) => {
        return Object.entries(series).reduce((sum, [key, value]) => sum + (key.startsWith(`${name}{`) ? value : 0), 0);
      };
      const usages = bench.api.ledger.flatMap(({ usage }) => usage ?? []);
      const billed = (read: (usage: (typeof usages)[number]) => number) =>
        usages.reduce((sum, usage) => sum + read(usage), 0);
      expect(usages.length).toBeGreaterThanOrEqual(3);
      expect(sumOf('codex_metered_input_tokens_total')).toBe(billed(({ input }) => input));
      expect(sumOf('codex_metered_output_tokens_total')).toBe(billed(({ output }) => output));
      expect(sumOf('codex_metered_responses_total')).toBe(usages.length);
      expect(sumOf('codex_metered_invocations_total')).toBe(3);

      const collector = await startCollector();
      await execa(process.execPath, [USAGE, 'metrics', '--otlp', collector.url], { env: bench.env, extendEnv: false });
      const sent = listPoints(collector.accepted).filter(({ name }) => name.endsWith('.usage.input_tokens'));
      expect(sent.reduce((sum, { value }) => sum + value, 0)).toBe(billed(({ input }) => input));
    } finally {
      await bench.close();
    }
  });

  it('replaces a file that others may read, and leaves nothing beside it', async () => {
    const [database, folder] = [createDatabase(), createFolder()];
    const output = join(folder, 'codex.prom');
    writeFileSync(output, 'old');
    const { exitCode, stdout, stderr } = await runUsage(['metrics', '--output', 'codex.prom'], {
      database,
      cwd: folder,
    });
    expect([exitCode, stdout, stderr]).toEqual([0, '', '']);
    expect(readFileSync(output, 'utf8')).toContain('codex_metered_responses_total{');
    expect(readdirSync(folder)).toEqual(['codex.prom']);
    expect(statSync(output).mode & 0o044).toBe(0o044 & ~process.umask());
  });

  it('says where it cannot write, and leaves the file as it was where there is nothing to write', async () => {
    const folder = createFolder();
    const output = join(folder, 'codex.prom');
    writeFileSync(output, 'old');
    const nothing = await runUsage(['metrics', '--output', output], { database: join(folder, 'nowhere.db') });
    expect([nothing.exitCode, nothing.stderr]).toEqual([1, expect.stringContaining('Nothing has been metered yet')]);
    expect(readFileSync(output, 'utf8')).toBe('old');
    mkdirSync(join(folder, 'taken.prom'));
    for (const wrong of ['/nowhere/codex.prom', join(folder, 'taken.prom')]) {
      const { exitCode, stderr } = await runUsage(['metrics', '--output', wrong], { database: createDatabase() });
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${wrong} cannot be written`)]);
    }
    expect(readdirSync(folder).sort()).toEqual(['codex.prom', 'taken.prom']);
  });

  it('writes the file again and again with --watch, what was recorded meanwhile in it', async () => {
    const [database, folder] = [createDatabase(), createFolder()];
    const output = join(folder, 'codex.prom');
    const args = [USAGE, 'metrics', '--no-import', '--output', output, '--watch', '--every', '1'];
    const running = execa(process.execPath, args, { env: { CODEX_METERED_DB: database }, reject: false });
    const has = (count: number) => {
      try {
        return parseSeries(readFileSync(output, 'utf8'))[SERIES] === count;
      } catch {
        return false;
      }
    };
    await waitFor('the first file', () => has(1));
    createStore(database).record({ invocation: sampleInvocation('a'), responses: [sampleResponse('2')] });
    await waitFor('the next one', () => has(2));
    running.kill('SIGTERM');
    expect((await running).stderr).toBe('');
  });
});

const SERIES = 'codex_metered_responses_total{provider="codex",project="shop",model="gpt-5.3-codex",source="actual"}';
