import type { Connection } from './open.js';

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
  const rows = connection
    .prepare<[string, string], ExportedCounter & ConfirmedValue>(
      'SELECT counter, labels, value, exported_at_ms AS atMs FROM exported_counters WHERE target = ? AND counter <> ?',
    )
    .all(target, BEGINNING);
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
  const query = 'SELECT value FROM exported_counters WHERE target = ? AND counter = ?';
  return connection.prepare<[string, string], number>(query).pluck().get(HIGHEST, BEGINNING);
}

export function writeBeginning(connection: Connection, beginningMs: number, nowMs: number): void {
  writeHighest(connection, [{ counter: BEGINNING, labels: '[]', value: beginningMs }], nowMs);
}

export function keyOf({ counter, labels }: Pick<ExportedCounter, 'counter' | 'labels'>): string {
  return `${counter} ${labels}`;
}

/** How many invocations have each status in each phase. */
export function countInvocationsByStatus(
  connection: Connection,
): { readonly status: string; readonly phase: string; readonly count: number }[] {
  const query = 'SELECT status, phase, count(*) AS count FROM invocations GROUP BY 1, 2 ORDER BY 1, 2';
  return connection.prepare<[], { status: string; phase: string; count: number }>(query).all();
}

const WRITE = `
  INSERT INTO exported_counters (target, counter, labels, value, exported_at_ms) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET value = max(value, excluded.value), exported_at_ms = excluded.exported_at_ms`;
