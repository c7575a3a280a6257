import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { scripts: Record<string, string> };

/** Runs what `npm run NAME` runs, without the setup that comes before it. */
function run(name: string, ...args: string[]) {
  const [file = '', ...before] = scripts[name]?.split(' && ').at(-1)?.split(' ') ?? [];
  return execa(file, [...before, ...args], { cwd: ROOT, reject: false });
}

describe.each([
  ['test:matrix', ['--way', 'nowhere']],
  ['test:faults', ['--wirte']],
  ['test:nodes', ['--today']],
  ['test:install', ['--node']],
  ['bench', ['--rounds', '0']],
  ['bench:against', []],
  ['screenshots', ['one', 'two']],
  ['release', ['0.2.0', '--dry']],
])('npm run %s', (name, wrong) => {
  it('explains itself', async () => {
    const { exitCode, stdout, stderr } = await run(name, '--help');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: npm run ${name} -- `);
  });

  it('says what is wrong with its options in plain words', async () => {
    const { exitCode, stdout, stderr } = await run(name, ...wrong);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: .*\n/);
    expect(stderr).toMatch(new RegExp(`\n\\(npm run ${name} -- --help explains it\\.\\)$`));
    expect(stderr).not.toContain('    at ');
  });
});

it('what makes an issue of a failure explains its options where one is wrong', async () => {
  const ended = await execa('node', ['scripts/hosted/issue-when-it-fails.js', '--titel', 'x'], {
    cwd: ROOT,
    reject: false,
  });
  expect([ended.exitCode, ended.stdout]).toEqual([2, '']);
  expect(ended.stderr).toMatch(/--titel[\s\S]*\nUsage: /);
});
