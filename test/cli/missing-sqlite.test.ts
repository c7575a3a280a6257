import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { expectUndisturbed } from '../harness/compare.js';
import { readFixture } from '../harness/fixtures.js';
import { test } from '../harness/test.js';
import { USAGE, type Workbench } from '../harness/workbench.js';

/** As where install scripts are off, on a Node without SQLite. */
const NO_SQLITE = `
const Module = require('node:module');
const load = Module._load;
Module._load = function (name, ...rest) {
  if (!/^(node:sqlite|better-sqlite3|codex-metered-sqlite)$/.test(name)) return load.call(this, name, ...rest);
  throw new Error('Could not locate the bindings file. Tried:\\n → /one\\n → /two');
};
`;

describe('where no SQLite loads', () => {
  test('doctor says it once, with what to do, before there is a database', async ({ bench }) => {
    const { exitCode, stdout } = await usage(bench, ['doctor', '--json']);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; text: string }[] };
    const sqlite = checks.filter(({ text }) => text.includes('better-sqlite3'));
    expect(sqlite.map(({ name, status }) => [name, status])).toEqual([['sqlite', 'attention']]);
    expect(sqlite[0]?.text).toContain('Run: npm rebuild better-sqlite3');
    expect(exitCode).toBe(1);
  });

  test.for([['daily'], ['import'], ['run'], ['prices'], ['export'], ['session', '--list']])(
    'codex-usage %s says in one line what to do',
    async (args, { bench }) => {
      writeFileSync(join(bench.folder, 'usage.db'), '');
      addSession(bench);
      const env = { CODEX_METERED_DB: join(bench.folder, 'usage.db') };
      const { exitCode, stderr } = await usage(bench, args, env);
      expect(stderr).toMatch(/^No database can be opened[^\n]*Run: npm rebuild better-sqlite3[^\n]*\n?$/);
      expect(exitCode).toBe(1);
    },
  );

  test('Codex runs as ever', async ({ bench }) => {
    bench.api.add({ prompt: 'greet', replies: [{ message: 'Hello.', usage: { input: 10, output: 2 } }] });
    const args = ['exec', '--json', '--skip-git-repo-check', 'greet'];
    const direct = await bench.run(args, { direct: true });
    expectUndisturbed(await bench.run(args, { env: environment(bench) }), direct);
  });
});

/** There must be something for an import to take in. */
function addSession({ codexHome }: Workbench): void {
  const folder = join(codexHome, 'sessions', '2026', '03', '04');
  mkdirSync(folder, { recursive: true });
  for (const path of readFixture('0.169.0', 'tool-loop').files) copyFileSync(path, join(folder, basename(path)));
}

function environment({ folder }: Workbench): { NODE_OPTIONS: string } {
  const script = join(folder, 'no-sqlite.cjs');
  writeFileSync(script, NO_SQLITE);
  return { NODE_OPTIONS: `--require ${script}` };
}

function usage(bench: Workbench, args: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [USAGE, ...args], {
    ...{ env: { ...bench.env, ...env, ...environment(bench) }, reject: false, stripFinalNewline: true },
  });
}
