import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runUsage } from '../../harness/codex-usage.js';
import { createFolder } from '../../store/samples.js';

const SESSION = '5e55105e-0000-4000-8000-000000000001';

/** A home of Claude Code with one message of Opus 5, and what else its transcript says. */
async function importSetting(usage: object, ...more: object[]) {
  const home = createFolder();
  const folder = join(home, 'projects', 'shop');
  mkdirSync(folder, { recursive: true });
  const common = { sessionId: SESSION, timestamp: '2026-10-01T12:00:00.000Z', cwd: '/home/user/shop' };
  const counts = { input_tokens: 1000, output_tokens: 100, ...usage };
  const message = { id: 'msg_1', role: 'assistant', model: 'claude-opus-5', content: [], usage: counts };
  const lines = [{ ...common, type: 'assistant', message }, ...more.map((line) => ({ ...common, ...line }))];
  writeFileSync(join(folder, `${SESSION}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const env = { CLAUDE_CONFIG_DIR: home, CODEX_HOME: home, HOME: home, PATH: process.env.PATH, COLUMNS: '160' };
  const setting = { database: join(home, 'usage.db'), env, cwd: home };
  await runUsage(['import'], setting);
  return setting;
}

const partial = () => importSetting({ server_tool_use: { code_execution_requests: 1 } });

describe('a cost that is known to lack a fee', () => {
  it('is marked in text, with a reason', async () => {
    const { stdout } = await runUsage(['daily'], await partial());
    expect(stdout).toContain('$0.0075+');
    expect(stdout).toContain('no price is known for claude-opus-5 (1 response), or for a fee of theirs');
  });

  it('counts as unpriced in JSON, and is named in a response and in an export', async () => {
    const setting = await partial();
    const { totals, unpricedModels } = JSON.parse((await runUsage(['daily', '--json'], setting)).stdout);
    expect(totals).toMatchObject({ costUsd: 0.0075, unpricedResponseCount: 1 });
    expect(unpricedModels).toEqual([{ model: 'claude-opus-5', unpricedResponseCount: 1 }]);
    const session = JSON.parse((await runUsage(['session', SESSION, '--json', '--breakdown'], setting)).stdout);
    expect(session.unmetered[0].responses).toMatchObject([
      { costUsd: 0.0075, costExtent: 'partial', price: { missing: ['code execution'] } },
    ]);
    const exported = JSON.parse((await runUsage(['export', '--format', 'json'], setting)).stdout);
    expect(exported).toMatchObject([{ costUsd: 0.0075, costExtent: 'partial' }]);
  });

  it('stays as it is when costs are computed anew', async () => {
    const setting = await importSetting({
      server_tool_use: { web_search_requests: 2, code_execution_requests: 1 },
      inference_geo: 'us',
    });
    const before = JSON.parse((await runUsage(['daily', '--json'], setting)).stdout);
    const { stdout } = await runUsage(['reprice', '--dry-run', '--json'], setting);
    expect(JSON.parse(stdout)).toMatchObject({ responseCount: 1, changedResponseCount: 0 });
    expect(before.totals.costUsd).toBeCloseTo(0.0075 * 1.1 + 0.02, 9);
  });
});

describe('codex-usage doctor', () => {
  it('says what Claude Code used without telling it', async () => {
    const setting = await importSetting(
      {},
      { type: 'system', subtype: 'compact_boundary', compactMetadata: { trigger: 'auto' } },
    );
    const { checks } = JSON.parse((await runUsage(['doctor', '--json'], setting)).stdout);
    const untold = checks.find(({ name }: { name: string }) => name === 'untold');
    expect(untold).toMatchObject({
      status: 'note',
      text: expect.stringContaining('at least 1 response of compactions'),
    });
  });

  it('has nothing to say of it where a total tells it', async () => {
    const counts = { inputTokens: 1500, outputTokens: 130, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 };
    const boundary = { type: 'system', subtype: 'compact_boundary' };
    const setting = await importSetting({}, boundary, {
      type: 'cost-state',
      startTime: 1,
      modelUsage: { 'claude-opus-5': counts },
    });
    const { checks } = JSON.parse((await runUsage(['doctor', '--json'], setting)).stdout);
    expect(checks.find(({ name }: { name: string }) => name === 'untold')).toMatchObject({ status: 'ok' });
  });
});
