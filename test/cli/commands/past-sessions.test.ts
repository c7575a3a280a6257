import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { createFolder } from '../../store/samples.js';

/** Homes with two sessions of Codex and one of Claude Code. */
function createHomes(): NodeJS.ProcessEnv {
  const folder = createFolder();
  const codex = join(folder, 'codex', 'sessions', '2026', '11', '24');
  const claude = join(folder, 'claude', 'projects', 'shop');
  for (const home of [codex, claude]) mkdirSync(home, { recursive: true });
  for (const end of ['a', 'b']) {
    const id = `019a8f2e-0000-7000-8000-00000000000${end}`;
    writeFileSync(join(codex, `rollout-2026-11-24T10-00-00-${id}.jsonl`), '');
  }
  writeFileSync(join(claude, 'a.jsonl'), '');
  return { CODEX_HOME: join(folder, 'codex'), CLAUDE_CONFIG_DIR: join(folder, 'claude') };
}

const HINT =
  'There are 3 past sessions on this machine (2 of Codex, 1 of Claude Code): codex-usage daily shows what they cost.';

describe('the first command after installing', () => {
  it.each([[['run']], [['run', '--list']], [['watch', '--once']], [['phase', '--no-import']]])(
    '%j says how many past sessions there are, and what shows them',
    async (args) => {
      const database = join(createFolder(), 'usage.db');
      const env = { ...createHomes(), CODEX_METERED_STATE_DIR: dirname(database) };
      const { exitCode, stdout, stderr } = await runUsage(args, { database, env });
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain(HINT);
    },
  );

  it('says so as well where the database holds no run yet', async () => {
    const { stderr } = await runUsage(['run'], { database: recordedIn([]), env: createHomes() });
    expect(stderr).toBe(
      `No run has been metered yet.\nRun Codex through codex-metered, and it is recorded: codex-metered exec "…"\n${HINT}\n`,
    );
  });

  it('says nothing of past sessions where there are none', async () => {
    const { stderr } = await runUsage(['run'], { database: join(createFolder(), 'usage.db') });
    expect(stderr).toContain('Nothing has been metered yet');
    expect(stderr).not.toContain('past session');
  });
});
