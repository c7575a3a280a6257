import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runUsage } from '../../harness/codex-usage.js';
import { createFolder } from '../../store/samples.js';

const SESSIONS = fileURLToPath(new URL('../../history/fixtures/gemini-cli/tmp', import.meta.url));
/** What the requests of the ledger that the files tell of cost by the list prices of Google. */
const [BILLED, BILLED_USD] = [15, 0.26334645];

/** A home with sessions of Gemini CLI alone. */
function createSetting() {
  const home = createFolder();
  cpSync(SESSIONS, join(home, '.gemini', 'tmp'), { recursive: true });
  const env = { CODEX_HOME: home, CLAUDE_CONFIG_DIR: home, GEMINI_CLI_HOME: home, HOME: home, PATH: process.env.PATH };
  return { database: join(home, 'usage.db'), env: { ...env, COLUMNS: '160' }, cwd: home };
}

async function importSetting() {
  const setting = createSetting();
  await runUsage(['import'], setting);
  return setting;
}

describe('what Gemini CLI used', () => {
  it('is in the reports over time, and alone with --provider', async () => {
    const setting = await importSetting();
    const { totals } = JSON.parse((await runUsage(['daily', '--json', '--provider', 'gemini'], setting)).stdout);
    expect(totals).toMatchObject({
      responseCount: BILLED,
      unpricedResponseCount: 0,
      bySource: [{ source: 'actual', responseCount: BILLED }],
    });
    expect(totals.costUsd).toBeCloseTo(BILLED_USD, 8);
    expect(totals.byProvider).toMatchObject([{ provider: 'gemini', responseCount: BILLED }]);
    expect((await runUsage(['daily', '--provider', 'claude'], setting)).stderr).toContain('There is: gemini');
  });

  it('is a session with its sub-agents', async () => {
    const { stdout } = await runUsage(['session', 'b204bb88'], await importSetting());
    expect(stdout).toContain('project shop');
    expect(stdout).toMatch(/main +gemini-2\.5-pro +13,013 .*\$0\.0180/);
    expect(stdout).toMatch(/subagent +gemini-2\.5-pro +13,013 .*\$0\.0180/);
  });

  it('is read by an import of its sessions alone, and by none of another agent', async () => {
    const setting = createSetting();
    expect((await runUsage(['import', '--provider', 'claude'], setting)).stdout).toContain(
      'There are no past sessions',
    );
    const { stdout } = await runUsage(['import', '--provider', 'gemini', '--json'], setting);
    expect(JSON.parse(stdout)).toMatchObject({ added: BILLED, unreadableLines: 0, problems: [] });
  });
});

describe('a home without sessions', () => {
  it('has the folders of every agent named, and the variables that name others', async () => {
    const home = createFolder();
    const env = {
      CODEX_HOME: home,
      CLAUDE_CONFIG_DIR: home,
      GEMINI_CLI_HOME: home,
      HOME: home,
      PATH: process.env.PATH,
    };
    const { stdout } = await runUsage(['import'], { database: join(home, 'usage.db'), env, cwd: home });
    for (const folder of ['sessions', 'archived_sessions', 'projects', '.gemini/tmp']) {
      expect(stdout).toContain(`  ${join(home, folder)}\n`);
    }
    expect(stdout).toContain('CODEX_HOME, CLAUDE_CONFIG_DIR and GEMINI_CLI_HOME name other places.');
  });
});
