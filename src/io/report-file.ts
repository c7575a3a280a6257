import { accessSync, constants, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UsageError } from '../errors.js';

/**
 * Makes sure that a report can be written to `path`, and removes an older one, so that no reader takes it for this run's.
 * Throws a UsageError that begins with `option`, an option or a variable.
 */
export function prepareReportFile(path: string, option: string): void {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile()) throw new Error('it is not a file');
    const folder = dirname(path);
    if (!statSync(folder, { throwIfNoEntry: false })) throw new Error(`there is no folder ${folder}`);
    accessSync(folder, constants.W_OK | constants.X_OK);
    rmSync(path, { force: true });
  } catch (error) {
    throw new UsageError(`${option}: the report ${path} cannot be written: ${messageOf(error)}.`);
  }
}
