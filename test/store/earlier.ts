import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { createFolder } from './samples.js';

/** The steps in which the schema grew to version 10: the first one makes version 1. */
export const STEPS: readonly string[] = readFileSync(new URL('earlier-steps.sql', import.meta.url), 'utf8')
  .split(/^-- To version \d+$/m)
  .slice(1);

/** The schema of the first commit that had one. It called itself version 1, and lacks a column of it. */
export const FIRST_OF_ALL: string = readFileSync(new URL('first-schema.sql', import.meta.url), 'utf8');

/** A database of an earlier version, as `fill` makes it. */
export function createEarlier(version: number, fill: (connection: Connection) => void): string {
  const path = join(createFolder(), 'usage.db');
  const connection = openDatabase(path);
  connection.pragma('journal_mode = WAL');
  connection.pragma('foreign_keys = OFF');
  fill(connection);
  connection.pragma(`user_version = ${version}`);
  connection.close();
  return path;
}
