import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { expectSameAsDirect, withoutVarying } from '../harness/compare.js';
import { writeNodeFake } from '../harness/fake-codex.js';
import { putInPlace } from '../harness/in-place.js';
import { expectExact, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { callThenAnswer, SCRIPT } from '../scripted-api/scenarios.js';

// The shell loops in which people let Codex work through a list ("ralph" and its kin, 2025 and 2026). `codex` is the command that
// is found on PATH, as `make` and `xargs` need it.

const MAKEFILE = `all: one.txt two.txt three.txt
%.txt:
\t@codex exec --color never -o $@ "count the shelves of $*" 2> $*.err > $*.out
`;

/** What several Codex that start at once in one home may say now and then, with us and without. */
const GET_IN_EACH_OTHERS_WAY = /^.*(?:failed to install system skills|could not create PATH aliases).*\n/gm;

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the loop has written, by file. */
  readonly files: Record<string, string>;
}

/** Runs a loop in a folder of its own. What comes of lines that run side by side is sorted. */
async function runLoop(bench: Workbench, script: string, direct: boolean, codex?: string): Promise<Outcome> {
  const cwd = join(bench.folder, direct ? 'direct' : 'metered', 'shop');
  mkdirSync(join(cwd, '.git'), { recursive: true });
  writeFileSync(join(cwd, 'PROMPT.md'), 'Please count the shelves.\n');
  writeFileSync(join(cwd, 'Makefile'), MAKEFILE);
  const env = { ...putInPlace(bench, { direct }), ...(codex && { CODEX_METERED_CODEX: codex }) };
  const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  bench.adopt(child);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close'),
  ]);
  await untilMetersEnd(bench.folder);
  expect(listProcesses(bench.folder)).toEqual([]);
  const names = readdirSync(cwd).filter((name) => !['.git', 'Makefile', 'PROMPT.md'].includes(name));
  const read = (text: Buffer) =>
    withoutVarying(text)
      .replaceAll(join(bench.folder, direct ? 'direct' : 'metered'), '…')
      .replaceAll(GET_IN_EACH_OTHERS_WAY, '');
  const sorted = (text: string) => (/xargs|make|&$/m.test(script) ? text.split('\n').toSorted().join('\n') : text);
  return {
    ...{ exitCode, stdout: sorted(read(stdout)), stderr: sorted(read(stderr)) },
    files: Object.fromEntries(names.toSorted().map((name) => [name, sorted(read(readFileSync(join(cwd, name))))])),
  };
}

/** Runs a loop with Codex, then with codex-metered: it writes the same, and each Codex is recorded as the API billed it. */
async function expectSameLoop(bench: Workbench, script: string): Promise<Outcome> {
  const metered = await expectSameAsDirect((direct) => runLoop(bench, script, direct));
  const reported = bench.api.ledger.length / 2;
  const ledger = bench.api.ledger.slice(reported);
  const invocations = readRecord(bench.database);
  expect(new Set(ledger.map(({ threadId }) => threadId)).size).toBe(invocations.length);
  for (const { id, threadId } of invocations) {
    expectExact(bench, { id, ledger: ledger.filter((entry) => entry.threadId === threadId) });
  }
  return metered;
}

describe('a loop in a shell', () => {
  test.for([
    [
      'tee',
      'set -o pipefail; for n in 1 2; do codex exec - < PROMPT.md 2> err | tee -a log; echo "code $?"; done',
      'code 0',
    ],
    ['tee of both streams', 'set -o pipefail; cat PROMPT.md | codex exec 2>&1 | tee log; echo "code $?"', 'code 0'],
    [
      'command substitution',
      'for n in 1 2 3; do answer=$(codex exec "$(cat PROMPT.md)" 2>/dev/null); grep -q DONE <<< "$answer" && break; done; echo "$n $answer"',
      '1 Three shelves. DONE',
    ],
    ['JSON through a filter', 'codex exec --json - < PROMPT.md | grep -c turn.completed', '1'],
    [
      'xargs -P',
      `printf '%s\\n' one two three | xargs -P 3 -I{} sh -c 'codex exec -o {}.txt "the shelves of {}" > {}.out 2> {}.err'; echo "code $?"`,
      'code 0',
    ],
    [
      'xargs -P into one stream',
      `printf 'shelves %s\\n' 1 2 3 | xargs -P 3 -d '\\n' -n 1 codex exec 2>/dev/null`,
      'DONE',
    ],
    ['make -j', 'make -j3 all; echo "code $?"', 'code 0'],
    [
      'jobs of the shell',
      'for n in 1 2; do codex exec "shelves $n" > $n.out 2> $n.err &\ndone; wait; cat *.out',
      'DONE',
    ],
    ['a lock', 'for n in 1 2; do flock -n lock codex exec shelves 2> err || echo "locked"; done', 'DONE'],
    ['a lock of the loop', '(flock -n 9 && codex exec shelves 2> err) 9> lock; flock -n lock echo free', 'free'],
  ])('gets the same, and each Codex is recorded exactly: %s', async ([, script = '', said = ''], { bench }) => {
    bench.api.add(callThenAnswer('shelves', 'Three shelves. DONE'));
    const { exitCode, stdout } = await expectSameLoop(bench, script);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(said);
    expect(stdout).not.toContain('locked');
  });

  test.for([
    ['timeout -k', 'timeout -k 5 4 codex exec --json endless', 124],
    ['timeout -s INT', 'timeout -k 5 -s INT 4 codex exec --json endless', 124],
    ['timeout --foreground', 'timeout --foreground 4 codex exec --json endless | tee log', 0],
  ] as const)('stops a Codex that takes too long as without us: %s', async ([, command, code], { bench }) => {
    bench.api.add(...SCRIPT);
    const { exitCode, stdout } = await expectSameLoop(bench, `${command}; exit $?`);
    expect(exitCode).toBe(code);
    expect(stdout).toContain('command_execution');
  });

  test('kills a Codex that does not heed timeout as without us', async ({ bench }) => {
    const codex = writeNodeFake(
      bench,
      "process.once('SIGTERM', () => fs.writeSync(1, 'no\\n')).on('SIGTERM', () => {}); setInterval(() => {}, 1000);",
    );
    const command = (name: string) => `timeout -k 1 2 ${name} exec --json x; echo "code $?"`;
    const direct = await runLoop(bench, command(codex), true);
    const metered = await runLoop(bench, command('codex'), false, codex);
    expect([metered.exitCode, metered.stdout]).toEqual([direct.exitCode, direct.stdout]);
    expect(metered.stdout).toBe('no\ncode 137\n');
    expect(readRecord(bench.database)).toMatchObject([{ status: 'interrupted', signal: 'SIGKILL' }]);
  });
});
