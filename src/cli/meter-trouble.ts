import { readPaths } from '../config/paths.js';
import { openLog } from '../log.js';

/** Logs that a run was not metered although it should have been. `database`: where a setting puts it. */
export function logTrouble(reason: string, database: string | undefined): void {
  const log = openLog(readPaths(process.env, database).logFile);
  log.warn('A run was not metered to its end; Codex is not affected.', { reason });
}

/** Logs that what a run used was not written to stdout although that was asked for. */
export function logUnwritten(reason: string, database: string | undefined): void {
  const log = openLog(readPaths(process.env, database).logFile);
  log.warn('What a run used was not written to stdout; Codex is not affected.', { reason });
}
