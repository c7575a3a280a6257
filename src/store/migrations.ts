import { METERED_RUNS } from './migrations/0001-metered-runs.js';
import { HISTORY } from './migrations/0002-history.js';
import { FILE_VERSIONS } from './migrations/0003-file-versions.js';

/**
 * The schema, one step per version; `PRAGMA user_version` says how many steps a database has taken.
 * A step that has been released is never changed: a new one is added.
 */
export const MIGRATIONS: readonly string[] = [METERED_RUNS, HISTORY, FILE_VERSIONS];
