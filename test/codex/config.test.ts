import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { writeShellFake } from '../harness/fake-codex.js';
import { expectExact, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { answer, turn } from '../scripted-api/script.js';

function configure(bench: Workbench, text: string, folder = bench.workTree): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'codex-metered.toml');
  writeFileSync(path, text);
  return path;
}

describe('a codex-metered.toml', () => {
  test('in the project says which project pays, at what price, and where it is recorded', async ({ bench }) => {
    configure(
      bench,
      `project = "store"
database = "costs/usage.db"
[phases]
reviewer = '/(?<run>[^/]+)/qa-(?<iteration>\\d+)/'
[[prices]]
model = "gpt-5.3-codex"
from = 2026-01-01
input = 3
cached_input = 1
output = 7
`,
    );
    bench.api.add(turn('hello', answer('Hi.', { input: 1000, cached: 400, output: 10 })));
    mkdirSync(join(bench.workTree, 'out', 'r7', 'qa-3'), { recursive: true });
    const inProject = { ...bench, database: join(bench.workTree, 'costs', 'usage.db') };
    const run = await bench.run(['exec', '--json', '-o', 'out/r7/qa-3/last.md', 'hello'], {
      env: { CODEX_METERED_DB: undefined },
    });
    expect(run).toMatchObject({ exitCode: 0, signal: null });
    expect(expectExact(inProject, run)).toMatchObject({
      ...{ projectId: 'store', runId: 'r7', phase: 'reviewer', iteration: 3 },
      responses: [{ costNanoUsd: 600 * 3000 + 400 * 1000 + 10 * 7000 }],
    });
  });

  test("of the user's counts where the project has none, and the environment wins over both", async ({ bench }) => {
    configure(bench, 'project = "mine"\n', join(bench.folder, '.config', 'codex-metered'));
    bench.api.add(turn('hello', answer('Hi.')));
    await bench.run(['exec', 'hello']);
    await bench.run(['exec', 'hello'], { env: { CODEX_METERED_PROJECT: 'said' } });
    expect(readRecord(bench.database).map(({ projectId }) => projectId)).toEqual(['mine', 'said']);
  });

  test('is that of the folder in which Codex is asked to work', async ({ bench }) => {
    const elsewhere = join(bench.folder, 'elsewhere');
    configure(bench, 'project = "here"');
    configure(bench, 'project = "there"', elsewhere);
    bench.api.add(turn('hello', answer('Hi.')));
    await bench.run(['exec', '--skip-git-repo-check', '-C', elsewhere, 'hello']);
    expect(readRecord(bench.database)).toMatchObject([{ projectId: 'there' }]);
  });

  test('that is wrong is an error before Codex starts, of metered commands alone', async ({ bench }) => {
    const path = configure(bench, '\nprojct = "x"');
    const codex = writeShellFake(bench, 'echo started');
    const refused = await bench.run(['exec', '--json', 'hello'], { codex });
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout.toString()).toBe('');
    expect(refused.stderr.toString()).toBe(
      `codex-metered: ${path}:2: there is no key "projct": did you mean "project"?\n`,
    );
    const login = await bench.run(['login', 'status'], { codex });
    expect(login).toMatchObject({ exitCode: 0, stdout: Buffer.from('started\n') });
    const off = await bench.run(['exec', 'hello'], { codex, meter: ['--meter-off'] });
    expect(off).toMatchObject({ exitCode: 0, stdout: Buffer.from('started\n') });
  });
});

describe('what is said wrongly', () => {
  test.for([
    [['--meter-budget-usd', 'much'], '--meter-budget-usd: "much" is not an amount of USD'],
    [['--meter-budget-tokens=1.5'], '--meter-budget-tokens: "1.5" is not a number of tokens'],
    [['--meter-on-budget', 'explode'], '--meter-on-budget: "explode" is not known'],
    [['--meter-time-zone', 'Mars'], '--meter-time-zone: "Mars" is not a time zone'],
  ] as const)('is an error before Codex starts: %s', async ([meter, message], { bench }) => {
    const codex = writeShellFake(bench, 'echo started');
    const refused = await bench.run(['exec', 'hello'], { codex, meter });
    expect(refused).toMatchObject({ exitCode: 2, stdout: Buffer.from('') });
    expect(refused.stderr.toString()).toContain(`codex-metered: ${message}`);
  });
});
