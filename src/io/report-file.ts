import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UsageError } from '../errors.js';

/** A file that is written whole, at the end. */
export interface ReportFile {
  /** Whoever reads it sees nothing or all of it. Throws what the file system does. */
  write(text: string): void;
}

/**
 * Makes sure that a report can be written to `path`, and removes an older one: a reader must not take it for this run's.
 * Throws a UsageError that starts with `said`, the option or variable.
 */
export function openReportFile(path: string, said: string): ReportFile {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile()) throw new Error('it is not a file');
    if (!statSync(dirname(path), { throwIfNoEntry: false })) throw new Error(`there is no folder ${dirname(path)}`);
    closeSync(openSync(draft, 'w'));
    rmSync(draft);
    rmSync(path, { force: true });
  } catch (error) {
    throw new UsageError(`${said}: the report ${path} cannot be written: ${messageOf(error)}.`);
  }
  return {
    write(text) {
      try {
        writeFileSync(draft, text);
        renameSync(draft, path);
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      }
    },
  };
}
