import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf } from '../errors.js';
import type { Settled } from '../meter/messages.js';
import type { StreamPlan } from '../process/streams.js';

/*
 * The lines that codex-metered itself writes to the standard output and error that it shares with Codex.
 */

/** How long a line on stderr may wait for a reader that takes nothing. */
const STDERR_PATIENCE_MS = 500;
/** How long the line on stdout may wait, which a program asked for. */
const STDOUT_PATIENCE_MS = 5000;

let writing: Promise<unknown> = Promise.resolve();
let isGivenUp = false;

/** Writes a line to stderr, behind those written before. It does not wait: the reader of stderr may have stopped reading. */
export function say(line: string): void {
  writing = writing.then(async () => {
    // One wait for a reader that has stopped is enough, however many lines there are.
    if (isGivenUp) return;
    isGivenUp = (await writeLine(2, `codex-metered: ${line}\n`, STDERR_PATIENCE_MS)) !== undefined;
  });
}

/** Resolves when all lines for stderr are written or given up. */
export async function flushSaid(): Promise<void> {
  await writing;
}

/**
 * Writes a line to standard output (1) or standard error (2). Resolves with the reason why it could not be written, or with
 * undefined when it was written or the reader is gone. `cat` writes it, for `patienceMs` at most, because a Node process
 * cannot end while it waits in write(2) for a reader that takes nothing.
 */
function writeLine(fd: 1 | 2, line: string, patienceMs: number): Promise<string | undefined> {
  // In a session of its own: what is sent to our process group must not cut the line off.
  const writer = spawn('cat', { stdio: ['pipe', fd, 'ignore'], env: { PATH: process.env.PATH }, detached: true });
  const patience = setTimeout(() => writer.kill('SIGKILL'), patienceMs);
  return new Promise<string | undefined>((resolve) => {
    writer.once('error', (error) => resolve(messageOf(error)));
    writer.once('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGPIPE') resolve(undefined);
      else resolve(signal ? 'its reader took nothing for too long' : 'it does not take it');
    });
    writer.stdin?.on('error', () => undefined).end(line);
  }).finally(() => clearTimeout(patience));
}

/** Writes what the run used behind what Codex wrote. Logs why, where that fails or the meter has not answered in time. */
export async function emitUsage(
  settled: Settled | undefined,
  lineIsOpen: boolean,
  database: string | undefined,
): Promise<void> {
  const line = settled?.usageLine;
  const failure = settled
    ? line && (await writeLine(1, `${lineIsOpen ? '\n' : ''}${line}\n`, STDOUT_PATIENCE_MS))
    : NO_ANSWER;
  if (!failure) return;
  const { logFault } = await import('./fault-log.js');
  logFault('What a run used was not written to stdout', failure, database);
}

const NO_ANSWER = 'the meter did not answer in time; see --meter-wait';

const NEWLINE = 10;

export type LineEnds = ReturnType<typeof watchLineEnds>;

/** Sees what passes on stdout, so that a line of our own begins where a line of Codex's has ended. */
export function watchLineEnds({ stdout }: StreamPlan) {
  let last = NEWLINE;
  return {
    observe(chunk: Buffer): void {
      last = chunk.at(-1) ?? last;
    },
    /** Whether the last line of Codex was left open. */
    isOpen(wasKilled: boolean): boolean {
      // Codex ends its lines. Of a stream that was not read along, a file can be looked at; of others, a Codex that was
      // killed may have left a line open, and an empty line does less harm than two records in one.
      return (stdout === 'pipe' ? last : (readLastByte(1) ?? (wasKilled ? 0 : NEWLINE))) !== NEWLINE;
    },
  };
}

/** Of the file that is open as `fd`; undefined where it is none, or cannot be read. */
function readLastByte(fd: number): number | undefined {
  let file: number | undefined;
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    file = openSync(`/dev/fd/${fd}`, 'r');
    const { size } = fstatSync(file);
    const byte = Buffer.alloc(1, NEWLINE);
    if (size > 0) readSync(file, byte, 0, 1, size - 1);
    return byte[0];
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
