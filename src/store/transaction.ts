import type { Transaction } from './driver.js';

/** What a transaction needs of a connection. */
interface Within {
  /** Whether the connection is within a transaction now. */
  isWithin(): boolean;
  exec(sql: string): void;
}

const SAVEPOINT = 'part_of_transaction';

/** As `transaction` of better-sqlite3 does it: see `Connection.transaction`. */
export function makeTransaction<Values extends unknown[], Result>(
  operate: (...values: Values) => Result,
  connection: Within,
): Transaction<Values, Result> {
  const begin =
    (sql: string) =>
    (...values: Values): Result =>
      connection.isWithin()
        ? enclose(() => operate(...values), connection, {
            begin: `SAVEPOINT ${SAVEPOINT}`,
            commit: `RELEASE ${SAVEPOINT}`,
            undo: [`ROLLBACK TO ${SAVEPOINT}`, `RELEASE ${SAVEPOINT}`],
          })
        : enclose(() => operate(...values), connection, { begin: sql, commit: 'COMMIT', undo: ['ROLLBACK'] });
  return Object.assign(begin('BEGIN'), { deferred: begin('BEGIN DEFERRED'), immediate: begin('BEGIN IMMEDIATE') });
}

interface Statements {
  readonly begin: string;
  readonly commit: string;
  readonly undo: readonly string[];
}

function enclose<Result>(operate: () => Result, connection: Within, { begin, commit, undo }: Statements): Result {
  connection.exec(begin);
  try {
    const result = operate();
    connection.exec(commit);
    return result;
  } catch (error) {
    // SQLite takes the whole transaction back itself where the disk is full, for instance.
    if (connection.isWithin()) for (const sql of undo) connection.exec(sql);
    throw error;
  }
}
