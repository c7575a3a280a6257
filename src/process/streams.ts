import { fstatSync, writeSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { CodexCommand } from './argv.js';

/** The output streams of Codex that pass through this process. The others are the caller's, and Codex gets them as they are. */
export interface StreamPlan {
  readonly stdout: 'inherit' | 'pipe';
  readonly stderr: 'inherit' | 'pipe';
}

export const ALL_INHERITED: StreamPlan = { stdout: 'inherit', stderr: 'inherit' };

/**
 * Decides what to read along: the JSON events on stdout, or the human-readable transcript on stderr. A terminal stays
 * a terminal. Where both streams are one file (`2>&1`) neither is touched, because reading along one of them could
 * change the order of the lines in it; the session file has what is needed then.
 */
export function planStreams(command: CodexCommand, describe: DescribeStream = describeStream): StreamPlan {
  if (command.output === 'other' || command.asksForHelp) return ALL_INHERITED;
  const stdout = describe(1);
  const stderr = describe(2);
  if (stdout.identity !== undefined && stdout.identity === stderr.identity) return ALL_INHERITED;
  if (command.output === 'json') return { ...ALL_INHERITED, stdout: stdout.isTerminal ? 'inherit' : 'pipe' };
  return { ...ALL_INHERITED, stderr: stderr.isTerminal ? 'inherit' : 'pipe' };
}

type DescribeStream = (fd: 1 | 2) => { isTerminal: boolean; identity: string | undefined };

function describeStream(fd: 1 | 2): ReturnType<DescribeStream> {
  try {
    const { dev, ino, rdev } = fstatSync(fd);
    // Devices are left out: a terminal is never read along, and in /dev/null no order matters.
    return { isTerminal: isatty(fd), identity: rdev === 0 ? `${dev}:${ino}` : undefined };
  } catch {
    return { isTerminal: false, identity: undefined };
  }
}

/**
 * Replaces process.stdin, stdout and stderr by streams of our own. Node opens the real ones when anything first asks for
 * them (an import of `node:process` or `node:assert` does, and the end of any socket), and a pipe becomes non-blocking by
 * that for everyone who shares it: Codex cannot read a prompt that is still to come, and the caller's other programs
 * cannot write when the pipe is full.
 */
export function replaceStandardStreams(self: object): void {
  const streams = { stdin: Readable.from([]), stdout: createWriter(1), stderr: createWriter(2) };
  for (const [name, value] of Object.entries(streams)) Object.defineProperty(self, name, { configurable: true, value });
}

function createWriter(fd: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        writeSync(fd, chunk);
      } catch {
        // The reader is gone, and what was written for it with it.
      }
      done();
    },
  });
}
