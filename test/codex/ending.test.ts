import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { expectSame } from '../harness/compare.js';
import { writeNodeFake, writeShellFake } from '../harness/fake-codex.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';

/** One whose stdout is read along, one whose stderr is, and one that is handed through. */
const WAYS = [
  ['exec --json', ['exec', '--json']],
  ['exec', ['exec']],
  ['another command', ['features']],
] as const;

describe('Codex ends by itself', () => {
  for (const [name, args] of WAYS) {
    test.for([0, 1, 2, 42, 127, 255])(`with the exit code %i, in ${name}`, async (code, { bench }) => {
      const codex = writeShellFake(bench, `echo out; echo err >&2; exit ${code}`);
      const { direct } = await expectSame(bench, args, { codex });
      expect(direct.exitCode).toBe(code);
    });
  }

  test.for(['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGPIPE', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGABRT'] as const)(
    'by %s',
    async (signal, { bench }) => {
      const codex = writeShellFake(bench, `ulimit -c 0; echo out; kill -${signal.slice(3)} $$; sleep 60`);
      const { direct } = await expectSame(bench, ['exec', '--json'], { codex });
      expect(direct.signal).toBe(signal);
    },
  );
});

describe('signals', () => {
  const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const;
  const told = (bench: Workbench) => readLines(join(bench.folder, 'told'));

  test.for(WAYS)('reach Codex, each once, and do not end us, in %s', async ([, args], { bench }) => {
    const codex = writeNodeFake(
      bench,
      `const tell = (text) => fs.appendFileSync(${JSON.stringify(join(bench.folder, 'told'))}, text + '\\n');
      for (const signal of ${JSON.stringify(SIGNALS)}) process.on(signal, tell);
      let last = 0;
      process.on('SIGUSR2', () => last++ && process.exit(5));
      setInterval(() => {}, 1000);
      tell('ready');`,
    );
    const running = bench.start(args, { codex });
    await waitFor('Codex to listen', () => told(bench).includes('ready'));
    const expected = ['ready'];
    for (const signal of SIGNALS) {
      running.kill(signal);
      expected.push(signal);
      await waitFor(`Codex to get ${signal}`, () => told(bench).length === expected.length);
    }
    expect(told(bench)).toEqual(expected);
    running.kill('SIGUSR2');
    expect(await running.ended).toMatchObject({ exitCode: 5, signal: null });
    expect(told(bench)).toEqual([...expected, 'SIGUSR2']);
  });

  test('leave it to Codex how to end, by an exit code of its own, and the time it takes to end', async ({ bench }) => {
    const codex = writeNodeFake(
      bench,
      `process.on('SIGTERM', () => setTimeout(() => { fs.writeSync(1, 'saved'); process.exit(7); }, 6000));
      setInterval(() => {}, 1000);
      fs.writeFileSync(${JSON.stringify(join(bench.folder, 'told'))}, 'ready');`,
    );
    const running = bench.start(['exec', '--json'], { codex });
    await waitFor('Codex to listen', () => told(bench).includes('ready'));
    running.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ exitCode: 7, signal: null, stdout: Buffer.from('saved') });
  });
});

describe('a process that Codex leaves behind and that holds its output open', () => {
  test.for([
    ['stdout', ['exec', '--json'], 1],
    ['stderr', ['exec'], 2],
  ] as const)('does not hold us up, and what it wrote on %s is not lost', async ([stream, args, fd], { bench }) => {
    const pidFile = join(bench.folder, 'left-behind');
    const codex = writeNodeFake(
      bench,
      `const { spawn } = await import('node:child_process');
      fs.writeSync(${fd}, 'before, ');
      const script = 'process.std' + ${JSON.stringify(stream.slice(3))} + '.write("left behind, "); setInterval(() => {}, 1000);' +
        'require("fs").writeFileSync(' + ${JSON.stringify(JSON.stringify(pidFile))} + ', String(process.pid));';
      spawn(process.execPath, ['-e', script], { stdio: ['ignore', ${fd === 1 ? '"inherit", "ignore"' : '"ignore", "inherit"'}], detached: true }).unref();
      while (!fs.existsSync(${JSON.stringify(pidFile)})) await new Promise((resolve) => setTimeout(resolve, 10));
      fs.writeSync(${fd}, 'after');
      process.exit(4);`,
    );
    const run = await bench.run(args, { codex });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(() => process.kill(pid, 'SIGKILL')).not.toThrow();
    expect(run).toMatchObject({ exitCode: 4, signal: null });
    expect(run[stream].toString()).toBe('before, left behind, after');
  });
});

function readLines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}
