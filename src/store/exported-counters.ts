import type { Connection } from './open.js';
import { readRows, readValue } from './sql.js';

/** A counter as it is exported: its name, its labels as JSON, and its value in whole units. */
export interface ExportedCounter {
  readonly counter: string;
  readonly labels: string;
  readonly value: number;
}

/** The target whose rows hold the highest values that anybody was shown. */
const HIGHEST = '';

/** The counter whose value is when counting began, in epoch milliseconds. */
const BEGINNING = 'beginning';

/** A value that was exported, and when. */
export interface ConfirmedValue {
  readonly value: number;
  readonly atMs: number;
}

/** The highest values that were ever exported, by `keyOf`. */
export function readHighest(connection: Connection): Map<string, number> {
  return new Map([...readConfirmed(connection, HIGHEST)].map(([key, { value }]) => [key, value]));
}

/** The values that `target` has confirmed, by `keyOf`. */
export function readConfirmed(connection: Connection, target: string): Map<string, ConfirmedValue> {
  const sql =
    'SELECT counter, labels, value, exported_at_ms AS atMs FROM exported_counters WHERE target = ? AND counter <> ?';
  const rows = readRows<ExportedCounter & ConfirmedValue>(connection, sql, [target, BEGINNING]);
  return new Map(rows.map((row) => [keyOf(row), { value: row.value, atMs: row.atMs }]));
}

/** Records the highest values. To be used within a transaction. */
export function writeHighest(connection: Connection, counters: readonly ExportedCounter[], nowMs: number): void {
  writeConfirmed(connection, HIGHEST, counters, nowMs);
}

/** Records what `target` has confirmed. A value that is lower than the one before is not taken. */
export function writeConfirmed(
  connection: Connection,
  target: string,
  counters: readonly ExportedCounter[],
  nowMs: number,
): void {
  const write = connection.prepare<[string, string, string, number, number]>(WRITE);
  for (const { counter, labels, value } of counters) write.run(target, counter, labels, value, nowMs);
}

/** When counting began, in epoch milliseconds: the start of what was recorded when it was first exported. */
export function readBeginning(connection: Connection): number | undefined {
  const sql = 'SELECT value FROM exported_counters WHERE target = ? AND counter = ?';
  return readValue(connection, sql, [HIGHEST, BEGINNING]);
}

export function writeBeginning(connection: Connection, beginningMs: number, nowMs: number): void {
  writeHighest(connection, [{ counter: BEGINNING, labels: '[]', value: beginningMs }], nowMs);
}

export function keyOf({ counter, labels }: Pick<ExportedCounter, 'counter' | 'labels'>): string {
  return `${counter} ${labels}`;
}

const WRITE = `
  INSERT INTO exported_counters (target, counter, labels, value, exported_at_ms) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET value = max(value, excluded.value), exported_at_ms = excluded.exported_at_ms`;
