import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { SCHEMA } from '../../src/store/migrations/schema.js';
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

/** Makes of a database of today one that an earlier version seems to have left: without what later steps added. */
export function markAsEarlier(connection: Connection, version: number): void {
  const names = (of: Connection, type: string) =>
    of.prepare<[string], string>('SELECT name FROM sqlite_schema WHERE type = ?').pluck().all(type);
  const base = openDatabase(':memory:');
  base.exec(SCHEMA);
  const known = names(base, 'table');
  base.close();
  for (const name of names(connection, 'trigger')) connection.exec(`DROP TRIGGER ${name}`);
  for (const name of names(connection, 'table')) {
    if (!known.includes(name) && !name.startsWith('sqlite_')) connection.exec(`DROP TABLE ${name}`);
  }
  connection.pragma(`user_version = ${version}`);
}
