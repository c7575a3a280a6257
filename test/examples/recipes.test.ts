import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect } from 'vitest';
import { test } from '../harness/test.js';
import { CODEX, METERED, USAGE } from '../harness/workbench.js';

const DOC = readFileSync(fileURLToPath(new URL('../../docs/runner.md', import.meta.url)), 'utf8');
const [, JOB = ''] = /```yaml\n(.*?)```/s.exec(DOC) ?? [];
const STEPS = [...JOB.matchAll(/- run: (.*)/g)].map(([, command = '']) => command);

test('the CI job of the document ends with a summary of what it cost', async ({ bench }) => {
  bench.api.add({
    prompt: 'Fix the failing test',
    replies: [{ message: 'Fixed.', usage: { input: 5900, output: 33 } }],
  });
  const bin = join(bench.folder, 'bin');
  mkdirSync(bin);
  for (const [name, target] of Object.entries({ codex: CODEX, 'codex-metered': METERED, 'codex-usage': USAGE })) {
    symlinkSync(target, join(bin, name));
  }
  const summary = join(bench.folder, 'summary.md');
  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    CODEX_METERED_RUN_ID: '4711',
    GITHUB_STEP_SUMMARY: summary,
  };
  expect(STEPS).toHaveLength(2);
  for (const step of STEPS) {
    await execa('bash', ['-e', '-c', step], { cwd: bench.workTree, env: { ...bench.env, ...env }, stdin: 'ignore' });
  }
  const written = readFileSync(summary, 'utf8');
  expect(written).toContain('## Run 4711');
  expect(written).toContain('| 5,900 |');
  expect(readFileSync(join(bench.workTree, 'codex.jsonl'), 'utf8')).toContain('turn.completed');
});
