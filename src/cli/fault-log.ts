import { readPaths } from '../config/paths.js';
import { openLog } from '../log.js';

/** Logs a fault in the metering of a run that does not affect Codex. `database`: where a setting puts it. Never throws. */
export function logFault(message: string, reason: string, database: string | undefined): void {
  try {
    openLog(readPaths(process.env, database).logFile).warn(`${message}; Codex is not affected.`, { reason });
  } catch {
    // There is nowhere left to say it.
  }
}
