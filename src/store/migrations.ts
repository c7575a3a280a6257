import type { Connection } from './driver.js';
import { setEarlierAside, takeInEarlier } from './migrations/earlier.js';
import { SCHEMA } from './migrations/schema.js';
import { ADD_EXPORTED_COUNTERS, ADD_OUTBOX, ADD_SUMMED, ADD_TAGS, ADD_TEAM } from './migrations/steps.js';
import { TRIGGERS } from './migrations/triggers.js';
import { VIEWS } from './migrations/views.js';

/** The version of `SCHEMA`. No database of an earlier version was ever released. */
const BASE_VERSION = 10;

/**
 * What has changed since, as SQL: the first step makes version 11. One that was released is never changed. Views and
 * triggers are made anew after the steps, so no step needs to.
 */
const STEPS: readonly string[] = [ADD_TAGS, ADD_OUTBOX, ADD_EXPORTED_COUNTERS, ADD_TEAM, ADD_SUMMED];

/** The version of the schema that this program works with: the `PRAGMA user_version` of a database. */
export const LATEST_VERSION: number = BASE_VERSION + STEPS.length;

/** Takes a database of `version` (0: a new one) to the latest version. To be used within a transaction. */
export function migrate(connection: Connection, version: number): void {
  const isEarlier = version > 0 && version < BASE_VERSION;
  if (isEarlier) setEarlierAside(connection);
  if (version < BASE_VERSION) connection.exec(SCHEMA);
  for (const step of STEPS.slice(Math.max(0, version - BASE_VERSION))) connection.exec(step);
  connection.exec(VIEWS);
  connection.exec(TRIGGERS);
  if (isEarlier) takeInEarlier(connection, version);
  connection.pragma(`user_version = ${LATEST_VERSION}`);
}
