import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { StreamPlan } from '../process/streams.js';

const NEWLINE = 10;

/** Sees what passes on stdout, so that a line of our own begins where a line of Codex's has ended. */
export interface LineEnds {
  observe(chunk: Buffer): void;
  /** Whether the last line of Codex was left open. */
  isOpen(wasKilled: boolean): boolean;
}

export function watchLineEnds({ stdout }: StreamPlan): LineEnds {
  let last = NEWLINE;
  return {
    observe(chunk) {
      last = chunk.at(-1) ?? last;
    },
    isOpen(wasKilled) {
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
