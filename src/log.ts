import { closeSync, constants, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './files/folders.js';
import { openRegularFile } from './files/regular-file.js';

/** Records faults and fallbacks, never on the caller's streams. Counts and names only: no prompt, no output. */
export interface Log {
  /** Never throws: a line that cannot be written is lost. */
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What pino calls a warning: its tools read this log. */
const WARNING = 40;

/** A log of JSON lines in `path`. It is opened for each line: most runs have none, the others two or three. */
export function openLog(path: string): Log {
  return {
    warn(message, fields) {
      const head = { level: WARNING, time: new Date().toISOString(), pid: process.pid };
      try {
        append(path, `${JSON.stringify({ ...head, ...fields, msg: message })}\n`);
      } catch {
        // The disk is full, or what stands there is no file.
      }
    },
  };
}

function append(path: string, line: string): void {
  makeFolder(dirname(path));
  const fd = openRegularFile(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  try {
    writeSync(fd, line);
  } finally {
    closeSync(fd);
  }
}
