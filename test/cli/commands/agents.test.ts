import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runUsage } from '../../harness/codex-usage.js';
import { createFolder } from '../../store/samples.js';

const GEMINI_SESSIONS = fileURLToPath(new URL('../../history/fixtures/gemini-cli/tmp', import.meta.url));
/** What the requests of the ledger that the files of Gemini CLI have cost by the list prices of Google. */
const [BILLED, BILLED_USD] = [15, 0.26334645];

const CLAUDE_SESSION = '5e55105e-0000-4000-8000-000000000001';

/** A home without sessions of any agent, and codex-usage for it. */
function createHome() {
  const home = createFolder();
  const env = { CODEX_HOME: home, CLAUDE_CONFIG_DIR: home, GEMINI_CLI_HOME: home, HOME: home, PATH: process.env.PATH };
  const setting = { database: join(home, 'usage.db'), env: { ...env, COLUMNS: '160' }, cwd: home };
  const usage = (...args: string[]) => runUsage(args, setting);
  return { home, usage, asJson: async (...args: string[]) => JSON.parse((await usage(...args, '--json')).stdout) };
}

/** A home of Claude Code with one message of Opus 5, and what else its transcript says, imported. */
async function importClaude(used: object, ...more: object[]) {
  const { home, ...commands } = createHome();
  const folder = join(home, 'projects', 'shop');
  mkdirSync(folder, { recursive: true });
  const common = { sessionId: CLAUDE_SESSION, timestamp: '2026-10-01T12:00:00.000Z', cwd: '/home/user/shop' };
  const usage = { input_tokens: 1000, output_tokens: 100, ...used };
  const message = { id: 'msg_1', role: 'assistant', model: 'claude-opus-5', content: [], usage };
  const lines = [{ ...common, type: 'assistant', message }, ...more.map((line) => ({ ...common, ...line }))];
  writeFileSync(join(folder, `${CLAUDE_SESSION}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await commands.usage('import');
  return commands;
}

/** A home with sessions of Gemini CLI alone. */
function createGeminiHome() {
  const { home, ...commands } = createHome();
  cpSync(GEMINI_SESSIONS, join(home, '.gemini', 'tmp'), { recursive: true });
  return commands;
}

describe('a cost of Claude Code that is known to lack a fee', () => {
  it('is marked in text, counts as unpriced in JSON, and is named in a response and in an export', async () => {
    const { usage, asJson } = await importClaude({ server_tool_use: { code_execution_requests: 1 } });
    const { stdout } = await usage('daily');
    expect(stdout).toContain('$0.0075+');
    expect(stdout).toContain('no price is known for claude-opus-5 (1 response), or for a fee of theirs');
    const { totals, unpricedModels } = await asJson('daily');
    expect(totals).toMatchObject({ costUsd: 0.0075, unpricedResponseCount: 1 });
    expect(unpricedModels).toEqual([{ model: 'claude-opus-5', unpricedResponseCount: 1 }]);
    const partial = { costUsd: 0.0075, costExtent: 'partial' };
    const session = await asJson('session', CLAUDE_SESSION, '--breakdown');
    expect(session.unmetered[0].responses).toMatchObject([{ ...partial, price: { missing: ['code execution'] } }]);
    expect(JSON.parse((await usage('export', '--format', 'json')).stdout)).toMatchObject([partial]);
  });

  it('stays as it is when costs are computed anew', async () => {
    const tools = { web_search_requests: 2, code_execution_requests: 1 };
    const { asJson } = await importClaude({ server_tool_use: tools, inference_geo: 'us' });
    const { totals } = await asJson('daily');
    expect(await asJson('reprice', '--dry-run')).toMatchObject({ responseCount: 1, changedResponseCount: 0 });
    expect(totals.costUsd).toBeCloseTo(0.0075 * 1.1 + 0.02, 9);
  });
});

describe('codex-usage doctor on what Claude Code used', () => {
  const COUNTS = { inputTokens: 1500, outputTokens: 130, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 };
  const TOTAL = { type: 'cost-state', startTime: 1, modelUsage: { 'claude-opus-5': COUNTS } };

  it.each([
    ['says what has no record of its own', [], 'note', 'at least 1 response of compactions'],
    ['has nothing to say where a total has it', [TOTAL], 'ok', ''],
  ])('%s', async (_, more, status, text) => {
    const { asJson } = await importClaude({}, { type: 'system', subtype: 'compact_boundary' }, ...more);
    const { checks } = await asJson('doctor');
    const untold = checks.find(({ name }: { name: string }) => name === 'untold');
    expect(untold).toMatchObject({ status, text: expect.stringContaining(text) });
  });
});

describe('what Gemini CLI used', () => {
  it('is in the reports over time, alone with --provider, and is a session with its sub-agents', async () => {
    const { usage, asJson } = createGeminiHome();
    await usage('import');
    const { totals } = await asJson('daily', '--provider', 'gemini');
    expect(totals).toMatchObject({
      ...{
        responseCount: BILLED,
        unpricedResponseCount: 0,
        byProvider: [{ provider: 'gemini', responseCount: BILLED }],
      },
      bySource: [{ source: 'actual', responseCount: BILLED }],
    });
    expect(totals.costUsd).toBeCloseTo(BILLED_USD, 8);
    expect((await usage('daily', '--provider', 'claude')).stderr).toContain('There is: gemini');
    const { stdout } = await usage('session', 'b204bb88');
    expect(stdout).toContain('project shop');
    expect(stdout).toMatch(/main +gemini-2\.5-pro +13,013 .*\$0\.0180/);
    expect(stdout).toMatch(/subagent +gemini-2\.5-pro +13,013 .*\$0\.0180/);
  });

  it('is read by an import of its sessions alone, and by none of another agent', async () => {
    const { usage, asJson } = createGeminiHome();
    expect((await usage('import', '--provider', 'claude')).stdout).toContain('There are no past sessions');
    const read = { added: BILLED, unreadableLines: 0, problems: [] };
    expect(await asJson('import', '--provider', 'gemini')).toMatchObject(read);
  });
});

it('a home without sessions has the folders of every agent named, and the variables that name others', async () => {
  const { home, usage } = createHome();
  const { stdout } = await usage('import');
  for (const folder of ['sessions', 'archived_sessions', 'projects', '.gemini/tmp']) {
    expect(stdout).toContain(`  ${join(home, folder)}\n`);
  }
  expect(stdout).toContain('CODEX_HOME, CLAUDE_CONFIG_DIR and GEMINI_CLI_HOME name other places.');
});
