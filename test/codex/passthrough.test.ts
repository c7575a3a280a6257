import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { expectSame, expectSameInShell, runInShell, withoutVarying } from '../harness/compare.js';
import { writeNodeFake, writeShellFake } from '../harness/fake-codex.js';
import { test } from '../harness/test.js';
import { answer, type Scenario, shell, turn } from '../scripted-api/script.js';

const TURN: Scenario = turn(
  'greet',
  shell('echo "grüße"', { input: 900, cached: 128, output: 21 }),
  answer('Grüße 🙂\n\nand a second line', { input: 1000, output: 12 }),
);

/** One run whose stdout is read along, one whose stderr is, and one that is handed through. */
const WAYS = [
  ['exec --json', ['exec', '--json']],
  ['exec', ['exec']],
  ['another command', ['features']],
] as const;

/** Waits until the metering works, then writes two lines with a pause: by then a reader waits for each. */
const LATE = (first: string, second: string) =>
  `{ until [ -e "$CODEX_METERED_DB" ]; do sleep 0.02; done; sleep 0.2; echo ${first}; sleep 0.2; echo ${second}; }`;

describe('bytes', () => {
  test.for(WAYS)('of any value pass as they are, without a last newline, in %s', async ([, args], { bench }) => {
    const codex = writeNodeFake(
      bench,
      `const bytes = Buffer.from([...Array(256).keys(), 0, 0, 0xff, 0xfe, 0xc3, 0x28, 13, 10, 13, 0xe2, 0x82]);
      for (let i = 0; i < 500; i++) { fs.writeSync(1, bytes); fs.writeSync(2, Buffer.from(bytes).reverse()); }
      fs.writeSync(1, 'no newline at the end'); fs.writeSync(2, '\\x1b[1mnor here');`,
    );
    const { direct } = await expectSame(bench, args, { codex });
    expect(direct.stdout.length).toBeGreaterThan(100_000);
  });

  test.for(WAYS)('of a single line of 50 MB pass as they are, in %s', async ([, args], { bench }) => {
    const codex = writeNodeFake(
      bench,
      `for (const fd of [1, 2]) {
        const write = (text) => {
          for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(fs.writeSync(fd, rest));
        };
        write('{"type":"turn.completed","usage":"');
        for (let i = 0; i < 50; i++) write(String.fromCharCode(97 + (i % 26)).repeat(1024 * 1024));
        write('"}\\n');
      }`,
    );
    await expectSame(bench, args, { codex });
  });

  test.for([[['exec', '--json', 'greet']], [['exec', 'greet']], [['exec', '--color', 'always', 'greet']]])(
    'of the real Codex are the same on both streams, but for ids and times: %j',
    async ([args = []], { bench }) => {
      bench.api.add(TURN);
      const direct = await bench.run(args, { direct: true });
      const metered = await bench.run(args);
      expect(withoutVarying(metered.stdout)).toBe(withoutVarying(direct.stdout));
      expect(withoutVarying(metered.stderr)).toBe(withoutVarying(direct.stderr));
      expect(metered.exitCode).toBe(0);
      expect(direct.stdout.toString()).toContain('and a second line');
    },
  );
});

describe('stdout and stderr in one file keep their order', () => {
  test.for(WAYS)('in %s, of a file and of a pipe', async ([, args], { bench }) => {
    const codex = writeNodeFake(
      bench,
      'for (let i = 0; i < 3000; i++) { fs.writeSync(1, "out " + i + "\\n"); fs.writeSync(2, "err " + i + "\\n"); }',
    );
    const { direct } = await expectSameInShell(bench, `codex ${args.join(' ')} > log 2>&1; cat log`, { codex });
    expect(direct.stdout.toString().split('\n').slice(0, 4)).toEqual(['out 0', 'err 0', 'out 1', 'err 1']);
    await expectSameInShell(bench, `codex ${args.join(' ')} 2>&1 | cat`, { codex });
    await expectSameInShell(bench, `rm log; codex ${args.join(' ')} >> log 2>> log; cat log`, { codex });
  });

  test.for([['exec --json greet'], ['exec greet']])('in %s of the real Codex', async ([args], { bench }) => {
    bench.api.add(TURN);
    const script = `codex ${args} > log 2>&1; cat log`;
    const direct = await runInShell(bench, script, { direct: true });
    const metered = await runInShell(bench, script);
    expect(withoutVarying(metered.stdout)).toBe(withoutVarying(direct.stdout));
    expect(direct.stdout.toString()).toContain('and a second line');
  });
});

describe('stdin', () => {
  const ECHO = 'for await (const chunk of process.stdin) fs.writeSync(1, chunk); fs.writeSync(2, "saw the end");';

  test.for(WAYS)('arrives byte for byte, and so does its end, in %s', async ([, args], { bench }) => {
    const codex = writeNodeFake(
      bench,
      `const chunks = []; for await (const chunk of process.stdin) chunks.push(chunk);
      const { createHash } = await import('node:crypto');
      console.log(createHash('sha256').update(Buffer.concat(chunks)).digest('hex'), chunks.length > 0);`,
    );
    const stdin = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) % 256));
    const { direct } = await expectSame(bench, args, { codex, stdin });
    expect(direct.stdout.toString()).toContain('true');
  });

  test('may be a file', async ({ bench }) => {
    const codex = writeNodeFake(bench, ECHO);
    writeFileSync(join(bench.workTree, 'prompt.txt'), 'first\nsecond');
    const { direct } = await expectSameInShell(bench, 'codex exec --json < prompt.txt', { codex });
    expect(direct.stdout.toString()).toBe('first\nsecond');
  });

  test('may be closed', async ({ bench }) => {
    const codex = writeNodeFake(bench, ECHO);
    const { direct } = await expectSameInShell(bench, 'codex exec --json <&-', { codex });
    expect(direct.exitCode).toBe(0);
  });

  test('may come late and in pieces, when the metering has long begun', async ({ bench }) => {
    const codex = writeShellFake(bench, 'cat');
    const run = await runInShell(bench, `${LATE('first', 'second')} | codex exec --json`, { codex });
    expect(run).toMatchObject({ exitCode: 0, stderr: Buffer.alloc(0) });
    expect(run.stdout.toString()).toBe('first\nsecond\n');
  });

  test('may be a prompt that comes late and in pieces to the real Codex', async ({ bench }) => {
    bench.api.add(TURN);
    const run = await runInShell(bench, `${LATE('please', 'greet')} | codex exec --json -`);
    expect(run.exitCode).toBe(0);
    expect(JSON.stringify(bench.api.requests[0]?.body)).toContain('please\\ngreet');
  });

  test('need not be read: a caller who writes to a Codex that does not read is told so as without us', async ({
    bench,
  }) => {
    const codex = writeNodeFake(bench, 'fs.writeSync(1, "done"); process.exit(3);');
    const script = '{ head -c 5000000 /dev/zero; echo "writer: $?" >&2; } | codex exec --json; echo "codex: $?"';
    const { direct } = await expectSameInShell(bench, script, { codex });
    expect(direct.stdout.toString()).toBe('donecodex: 3\n');
  });
});

describe('what Codex is started with', () => {
  const TELL = 'fs.writeSync(1, JSON.stringify({ args, env: process.env, cwd: process.cwd() }));';

  test.for(WAYS)('is the caller’s environment, folder and arguments, exactly, in %s', async ([, args], { bench }) => {
    const codex = writeNodeFake(bench, TELL);
    const link = join(bench.folder, 'a link');
    symlinkSync(bench.workTree, link);
    const strange = [
      '',
      ' ',
      'two words',
      'new\nline',
      'tab\t',
      '"\'`$HOME\\',
      '*',
      'grüße 🙂',
      '-',
      '--',
      '--meter-x',
    ];
    const { direct } = await expectSame(bench, [...args, ...strange], {
      codex,
      cwd: link,
      env: { PWD: link, EMPTY: '', 'odd name': 'a=b=c', lower: 'grüße\nnext', CODEX_METERED_RUN_ID: 'r1', TZ: 'UTC' },
    });
    const told = JSON.parse(direct.stdout.toString()) as { args: string[]; env: Record<string, string> };
    expect(told.args).toEqual([...args, ...strange]);
    expect(told.env).toMatchObject({ EMPTY: '', 'odd name': 'a=b=c', CODEX_METERED_RUN_ID: 'r1' });
  });

  test('may be a folder that has been deleted', async ({ bench }) => {
    bench.api.add(TURN);
    const inDeleted = (command: string) => `mkdir gone; cd gone; rmdir ../gone; ${command}`;
    const { direct } = await expectSameInShell(bench, inDeleted('codex --version'));
    expect(direct.exitCode).toBe(0);
    const script = inDeleted(`codex exec --json --cd "${bench.workTree}" greet`);
    const ends = [await runInShell(bench, script, { direct: true }), await runInShell(bench, script)];
    expect(withoutVarying(ends[1]?.stdout ?? '')).toBe(withoutVarying(ends[0]?.stdout ?? ''));
    expect(ends[1]?.exitCode).toBe(ends[0]?.exitCode);
  });

  test('holds no option of ours', async ({ bench }) => {
    const codex = writeNodeFake(bench, TELL);
    const meter = ['--meter-run-id', 'r7', '--meter-phase=builder', '--meter-iteration', '3', '--meter-quiet'];
    const plain = await bench.run(['exec', '--json', 'x'], { codex });
    const told = await bench.run(['exec', '--json', 'x'], { codex, meter });
    expect(told.stdout.toString()).toBe(plain.stdout.toString());
  });
});

describe('other commands pass as they are and leave no record', () => {
  test.for([
    [['--version']],
    [['--help']],
    [['login', '--help']],
    [['login', 'status']],
    [['features', 'list']],
    [['completion', 'bash']],
    [['mcp', 'list']],
    [['exec', '--help']],
    [['exec', 'help', 'resume']],
    [['e', '-h']],
    [['--no-such-flag']],
    [['login', '--no-such-flag']],
  ])('%j', async ([args = []], { bench }) => {
    const { direct } = await expectSame(bench, args);
    expect(direct.stdout.length + direct.stderr.length).toBeGreaterThan(0);
    expect(existsSync(bench.database)).toBe(false);
  });

  test('--meter-off runs Codex and records nothing', async ({ bench }) => {
    bench.api.add(TURN);
    const direct = await bench.run(['exec', '--json', 'greet'], { direct: true });
    const off = await bench.run(['exec', '--json', 'greet'], { meter: ['--meter-off'] });
    expect(withoutVarying(off.stdout)).toBe(withoutVarying(direct.stdout));
    expect(existsSync(bench.database)).toBe(false);
  });
});

test('a wrong flag of exec is refused by Codex itself', async ({ bench }) => {
  const { direct } = await expectSame(bench, ['exec', '--no-such-flag']);
  expect(direct.exitCode).toBe(2);
});
