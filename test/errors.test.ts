import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { METERED, USAGE } from './harness/workbench.js';
import { createFolder } from './store/samples.js';

/** What reads a configuration file is a bundle of its own, and throws errors of its own copy of the class. */
it.each([
  ['codex-usage daily', [USAGE, 'daily'], 2, /^error: .*codex-metered\.toml:1: .*"database"/],
  ['codex-metered', [METERED, 'exec', 'x'], 2, /^codex-metered: .*codex-metered\.toml:1: /],
  ['codex-usage statusline', [USAGE, 'statusline'], 0, /bad settings/],
])('a wrong configuration file is known as wrong usage by %s', async (_, command, exitCode, said) => {
  const folder = createFolder();
  writeFileSync(join(folder, 'codex-metered.toml'), 'databse = 3\n');
  const env = { HOME: folder };
  const ended = await execa('node', command, { cwd: folder, env, reject: false, all: true });
  expect([ended.exitCode, ended.all]).toEqual([exitCode, expect.stringMatching(said)]);
});
