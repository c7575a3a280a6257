import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, onTestFinished } from 'vitest';
import { expectSameAsDirect, expectSameInShell, runInShell } from '../harness/compare.js';
import { writeNodeFake, writeShellFake } from '../harness/fake-codex.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { METERED, type Workbench } from '../harness/workbench.js';

const MB = 1024 * 1024;

describe('a reader who is slow', () => {
  test('slows Codex: it is never more than some MB ahead of 200 MB, and the memory we take stays flat', async ({
    bench,
  }) => {
    const counter = join(bench.folder, 'written');
    const codex = writeNodeFake(
      bench,
      `const counter = fs.openSync(${JSON.stringify(counter)}, 'w');
      for (let written = 0, i = 0; i < 3200; i++) {
        let rest = Buffer.from(('{"type":"item.completed","n":' + i + ',"text":"').padEnd(65533, 'x') + '"}\\n');
        while (rest.length > 0) rest = rest.subarray(fs.writeSync(1, rest));
        written += 65536;
        fs.writeSync(counter, String(written).padStart(12), 0);
      }`,
    );
    const child = startRaw(bench, codex, ['exec', '--json']);
    const written = () => Number(existsSync(counter) && readFileSync(counter, 'utf8'));
    const reader = createReader(child.stdout as Readable);

    await waitUntilStill('the writer', written);
    expect(written()).toBeLessThan(4 * MB);

    await reader.readUpTo(20 * MB);
    await waitUntilStill('the writer', written);
    expect(written() - reader.bytes()).toBeLessThan(4 * MB);
    const peakBefore = peakMemory(child.pid);

    await reader.readUpTo(190 * MB);
    await waitUntilStill('the writer', written);
    expect(written() - reader.bytes()).toBeLessThan(4 * MB);
    expect(peakMemory(child.pid) - peakBefore).toBeLessThan(48 * MB);

    const ended = once(child, 'exit');
    await reader.readUpTo(Number.POSITIVE_INFINITY);
    expect(await ended).toEqual([0, null]);
    expect(reader.bytes()).toBe(written());
  });

  test('gets every byte, in order, from a Codex that has ended long before', async ({ bench }) => {
    const codex = writeNodeFake(
      bench,
      `let rest = Buffer.from(Array.from({ length: 24000 }, (_, index) => String(index).padStart(9) + '\\n').join(''));
      while (rest.length > 0) rest = rest.subarray(fs.writeSync(1, rest));
      fs.writeFileSync('pid', String(process.pid));`,
    );
    const gone =
      'until [ -s pid ]; do sleep 0.02; done; while kill -0 "$(cat pid)" 2>&-; do sleep 0.02; done; sleep 0.2';
    const run = await runInShell(bench, `codex exec --json | { ${gone}; cat; }`, { codex });
    const lines = run.stdout.toString().trimEnd().split('\n').map(Number);
    expect(lines).toHaveLength(24_000);
    expect(lines.every((line, index) => line === index)).toBe(true);
  });

  test('whose end of the pipe is non-blocking gets every byte', async ({ bench }) => {
    const codex = writeNodeFake(
      bench,
      `for (let i = 0; i < 60; i++) {
        let rest = Buffer.alloc(65536, i);
        while (rest.length > 0) rest = rest.subarray(fs.writeSync(1, rest));
      }`,
    );
    const path = join(bench.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const hold = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const end = openSync(path, 'w');
    const child = startRaw(bench, codex, ['exec', '--json'], { stdout: end });
    // Node makes what it takes over non-blocking, for all who share it.
    const socket = new Socket({ fd: end, readable: false, writable: true });
    await waitFor('the metering to begin', () => existsSync(bench.database));
    expect(isNonBlocking(child.pid, 1)).toBe(true);

    const stream = createReadStream(path, { highWaterMark: 10_000 });
    await once(stream, 'open');
    socket.destroy();
    closeSync(hold);
    const hash = createHash('sha256');
    for await (const chunk of stream) hash.update(chunk as Buffer);
    const expected = createHash('sha256');
    for (let i = 0; i < 60; i++) expected.update(Buffer.alloc(65536, i));
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
  });
});

describe('a reader who has stopped reading', () => {
  test.for(['SIGTERM', 'SIGKILL'] as const)('does not keep us when Codex is ended by %s', async (signal, { bench }) => {
    const counter = join(bench.folder, 'written');
    const codex = writeNodeFake(
      bench,
      `fs.writeFileSync('pid', String(process.pid));
      for (let written = 0; ; written += 10_000) {
        for (let rest = Buffer.alloc(10_000, 'x'); rest.length > 0; ) rest = rest.subarray(fs.writeSync(1, rest));
        fs.writeFileSync(${JSON.stringify(counter)}, String(written));
      }`,
    );
    const ending = await expectSameAsDirect(async (direct) => {
      rmSync(counter, { force: true });
      const child = startRaw(bench, codex, ['exec', '--json'], { direct });
      const ended = once(child, 'exit');
      await waitUntilStill('the writer', () => Number(existsSync(counter) && readFileSync(counter, 'utf8')));
      if (signal === 'SIGTERM') child.kill(signal);
      else process.kill(Number(readFileSync(join(bench.workTree, 'pid'), 'utf8')), signal);
      return await ended;
    });
    expect(ending).toEqual([null, signal]);
  });
});

describe('a reader who goes away', () => {
  test('is made known to Codex by the same error as without us', async ({ bench }) => {
    const codex = writeNodeFake(
      bench,
      `try {
        for (;;) { fs.writeSync(1, 'x'.repeat(99) + '\\n'); await new Promise((resolve) => setTimeout(resolve, 5)); }
      } catch (error) { fs.writeFileSync('error', error.code); process.exit(3); }`,
    );
    const script = `rm -f exit; { codex exec --json; echo "$?" > exit; } | head -c 100 > head
      until [ -s exit ]; do sleep 0.02; done; cat exit error`;
    const { direct } = await expectSameInShell(bench, script, { codex });
    expect(direct.stdout.toString()).toBe('3\nEPIPE');
  });

  test('ends a Codex that dies of it by the same signal', async ({ bench }) => {
    const codex = writeShellFake(bench, 'while echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; do sleep 0.01; done; exit 9');
    const ending = await expectSameAsDirect(async (direct) => {
      const child = startRaw(bench, codex, ['exec', '--json'], { direct });
      const ended = once(child, 'exit');
      await once(child.stdout as Readable, 'data');
      child.stdout?.destroy();
      return await ended;
    });
    expect(ending).toEqual([null, 'SIGPIPE']);
  });
});

describe('a pipe that others share', () => {
  test.for([['exec --json'], ['exec'], ['features']])(
    'stays blocking while Codex works and after it was killed: %s',
    async ([args], { bench }) => {
      const codex = writeShellFake(
        bench,
        `until [ -e "$CODEX_METERED_DB" ] || [ "$1" = features ]; do sleep 0.02; done
        sleep 0.3
        cat /proc/$PPID/fdinfo/0 /proc/$PPID/fdinfo/1 /proc/$PPID/fdinfo/2 > during
        kill -TERM $$`,
      );
      await runInShell(
        bench,
        `{ { true | codex ${args}; sh -c 'cat /proc/$$/fdinfo/1 /proc/$$/fdinfo/2 > after'; } 2>&3 | cat; } 3>&1 | cat`,
        { codex },
      );
      const flags = ['during', 'after'].flatMap((name) => readFlags(readFileSync(join(bench.workTree, name), 'utf8')));
      expect(flags).toHaveLength(5);
      expect(flags.filter(isNonBlockingFlag)).toEqual([]);
    },
  );
});

/** Starts a Codex with its output unread. */
function startRaw(
  bench: Workbench,
  codex: string,
  args: readonly string[],
  { direct = false, stdout = 'pipe' as 'pipe' | number } = {},
): ChildProcess {
  const [file, ...first] = direct ? [codex] : [process.execPath, METERED];
  const child = spawn(file as string, [...first, ...args], {
    cwd: bench.workTree,
    env: { ...bench.env, CODEX_METERED_CODEX: codex },
    stdio: ['ignore', stdout, 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Reads a stream as far as it is told, and no further than the stream's own buffer. */
function createReader(stream: Readable) {
  let bytes = 0;
  let wake = () => {};
  for (const event of ['readable', 'end']) stream.on(event, () => wake());
  return {
    bytes: () => bytes,
    async readUpTo(limit: number): Promise<void> {
      while (bytes < limit) {
        const chunk = stream.read() as Buffer | null;
        if (chunk) bytes += chunk.length;
        else if (stream.readableEnded) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}

/** Resolves when a figure has begun to grow and has then been the same for half a second. */
async function waitUntilStill(what: string, read: () => number): Promise<void> {
  let last = 0;
  let since = Date.now();
  await waitFor(`${what} to stand still`, () => {
    const figure = read();
    if (figure !== last) since = Date.now();
    last = figure;
    return figure > 0 && Date.now() - since > 500;
  });
}

function peakMemory(pid: number | undefined): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

function isNonBlocking(pid: number | undefined, fd: number): boolean {
  return readFlags(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')).some(isNonBlockingFlag);
}

function readFlags(fdinfo: string): number[] {
  return [...fdinfo.matchAll(/^flags:\s+([0-7]+)$/gm)].map(([, octal = '']) => Number.parseInt(octal, 8));
}

function isNonBlockingFlag(flags: number): boolean {
  return (flags & constants.O_NONBLOCK) !== 0;
}
