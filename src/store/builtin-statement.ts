import type { Statement } from './driver.js';
import { nameResultCode } from './sqlite-error.js';

/** What is used of a statement of `node:sqlite`. */
export interface BuiltinStatement {
  all(...values: unknown[]): unknown[];
  get(...values: unknown[]): unknown;
  iterate(...values: unknown[]): IterableIterator<unknown>;
  run(...values: unknown[]): { readonly changes: number };
  setReturnArrays(enabled: boolean): void;
  setReadBigInts(enabled: boolean): void;
  setAllowUnknownNamedParameters(enabled: boolean): void;
}

/** Has a statement of `node:sqlite` do what one of better-sqlite3 does. */
export function openStatement(statement: BuiltinStatement, sql: string): Statement {
  statement.setAllowUnknownNamedParameters(true);
  return new Rows(statement, !/\breturning\b/i.test(sql));
}

/** Throws what `operate` throws; an error of SQLite's has the name of its code, as better-sqlite3 gives it. */
export function translating<Result>(operate: () => Result): Result {
  try {
    return operate();
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    throw errcode === undefined ? error : Object.assign(error as Error, { code: nameResultCode(errcode) });
  }
}

class Rows implements Statement {
  readonly #statement: BuiltinStatement;
  /** Where it only reads. */
  readonly #mayRunTwice: boolean;
  #isPlucked = false;

  constructor(statement: BuiltinStatement, mayRunTwice: boolean) {
    this.#statement = statement;
    this.#mayRunTwice = mayRunTwice;
  }

  pluck(): this {
    this.#isPlucked = true;
    return this.raw();
  }

  raw(): this {
    this.#statement.setReturnArrays(true);
    return this;
  }

  all(...values: unknown[]): unknown[] {
    const rows = this.#reading(values, (bound) => this.#statement.all(...bound));
    return this.#isPlucked ? rows.map(takeFirst) : rows;
  }

  get(...values: unknown[]): unknown {
    const row = this.#reading(values, (bound) => this.#statement.get(...bound));
    return this.#isPlucked && row !== undefined ? takeFirst(row) : row;
  }

  *iterate(...values: unknown[]): IterableIterator<unknown> {
    const rows = binding(values, (bound) => this.#statement.iterate(...bound));
    let given = 0;
    try {
      for (let next = takeNext(rows); next !== 'beyond numbers'; next = takeNext(rows)) {
        if (next.done) return;
        yield this.#isPlucked ? takeFirst(next.value) : next.value;
        given++;
      }
    } finally {
      // A statement that is left halfway would hold on to its state of the database.
      rows.return?.();
    }
    yield* this.all(...values).slice(given);
  }

  run(...values: unknown[]): { readonly changes: number } {
    return binding(values, (bound) => this.#statement.run(...bound));
  }

  /** Node refuses to read an integer beyond 2^53. Such a sum is read as the nearest number, as better-sqlite3 does. */
  #reading<Result>(values: unknown[], read: (bound: unknown[]) => Result): Result {
    try {
      return binding(values, read);
    } catch (error) {
      if (!isBeyondNumbers(error) || !this.#mayRunTwice) throw error;
    }
    this.#statement.setReadBigInts(true);
    try {
      return round(binding(values, read)) as Result;
    } finally {
      this.#statement.setReadBigInts(false);
    }
  }
}

/** Node before 26 does not take undefined for NULL. Values are bound before anything else is done. */
function binding<Result>(values: unknown[], operate: (bound: unknown[]) => Result): Result {
  return translating(() => {
    try {
      return operate(values);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_INVALID_ARG_TYPE') throw error;
      return operate(values.map(withNulls));
    }
  });
}

function withNulls(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, one ?? null]));
}

function takeNext(rows: Iterator<unknown>): IteratorResult<unknown> | 'beyond numbers' {
  try {
    return translating(() => rows.next());
  } catch (error) {
    if (isBeyondNumbers(error)) return 'beyond numbers';
    throw error;
  }
}

function isBeyondNumbers(error: unknown): boolean {
  return (error as { code?: string }).code === 'ERR_OUT_OF_RANGE';
}

function takeFirst(row: unknown): unknown {
  return (row as unknown[])[0];
}

/** Rows, or one, with numbers for their big integers. */
function round(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(round);
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, round(one)]));
}
