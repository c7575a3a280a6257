import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { afterEach, describe, expect, it } from 'vitest';
import { openOutput } from '../../src/cli/output.js';
import { createFolder } from '../store/samples.js';

/** More than a pipe holds. */
const LONG = 'ä long text\n'.repeat(20_000);

const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
});

function openFile(path: string, flags: string | number): number {
  const fd = openSync(path, flags);
  open.push(fd);
  return fd;
}

/** A pipe that is written to without waiting, as a program may have left the one that it gives us. */
function openPipe(): number {
  const path = join(createFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  return openFile(path, constants.O_RDWR | constants.O_NONBLOCK);
}

function readWhatIsThere(fd: number): Buffer {
  const buffer = Buffer.alloc(1 << 20);
  return buffer.subarray(0, readSync(fd, buffer));
}

function refuseStream(): WriteStream {
  throw new Error('Node’s stream is not needed.');
}

describe('a standard stream of codex-usage', () => {
  it('is written to at once, without Node’s own stream', () => {
    const path = join(createFolder(), 'file');
    const output = openOutput(openFile(path, 'w'), refuseStream);
    output.write(LONG);
    output.write('');
    output.write('the end');
    expect(readFileSync(path, 'utf8')).toBe(`${LONG}the end`);
    expect(output.isWritten).toBe(true);
  });

  it('leaves to Node’s stream what a slow reader has no room for, and all that comes after', async () => {
    const pipe = openPipe();
    const stream = new PassThrough({ highWaterMark: 1 });
    const output = openOutput(pipe, () => stream as unknown as WriteStream);
    output.write(LONG);
    const first = readWhatIsThere(pipe);
    output.write('the end');
    expect(output.isWritten).toBe(false);
    const rest = Buffer.concat(await stream.end().toArray());
    expect(output.isWritten).toBe(true);
    expect(first.length).toBeGreaterThan(0);
    expect(rest.length).toBeGreaterThan('the end'.length);
    expect(Buffer.concat([first, rest]).toString()).toBe(`${LONG}the end`);
  });

  it('has Node’s stream tell what keeps it from being written', () => {
    const given: string[] = [];
    const stream = { write: (data: Buffer) => given.push(data.toString()) };
    const output = openOutput(openFile('/dev/full', 'w'), () => stream as unknown as WriteStream);
    output.write('all of it');
    expect(given).toEqual(['all of it']);
  });

  it('asks Node’s stream about the terminal', () => {
    const stream = { isTTY: true, columns: 83, hasColors: (count: number) => count === 16 };
    const output = openOutput(1, () => stream as unknown as WriteStream);
    expect([output.isTTY, output.columns, output.hasColors?.(16), output.hasColors?.(256)]).toEqual([
      true,
      83,
      true,
      false,
    ]);
    const pipe = openOutput(1, () => ({}) as WriteStream);
    expect([pipe.isTTY, pipe.columns, pipe.hasColors?.(16)]).toEqual([undefined, undefined, false]);
  });
});
