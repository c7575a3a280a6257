import { METERED_RUNS } from './migrations/0001-metered-runs.js';
import { HISTORY } from './migrations/0002-history.js';
import { PACKS } from './migrations/0003-packs.js';
import { FILE_VERSIONS } from './migrations/0004-file-versions.js';
import { SESSION_TOTALS } from './migrations/0005-session-totals.js';
import { LOST_PROJECTS } from './migrations/0006-lost-projects.js';
import { THREAD_KNOWN_BY } from './migrations/0007-thread-known-by.js';
import { POSSIBLE_COUNTS } from './migrations/0008-possible-counts.js';
import { FRONT } from './migrations/0009-front.js';
import { MIRROR } from './migrations/0010-mirror.js';

/**
 * The schema, one step per version; `PRAGMA user_version` says how many steps a database has taken.
 * A step that has been released is never changed: a new one is added.
 */
export const MIGRATIONS: readonly string[] = [
  METERED_RUNS,
  HISTORY,
  PACKS,
  FILE_VERSIONS,
  SESSION_TOTALS,
  LOST_PROJECTS,
  THREAD_KNOWN_BY,
  POSSIBLE_COUNTS,
  FRONT,
  MIRROR,
];
