import type { Connection } from './driver.js';

/* How the other files read and write rows, and the parts of SQL that several queries have in common. */

/** What a statement is given: values by name in an object, or in their order in a list. */
type Values = object;

/** Reads all rows. The columns that `json` names hold JSON, which is parsed, or NULL. */
export function readRows<Row>(
  connection: Connection,
  sql: string,
  values: Values = [],
  json: readonly (keyof Row)[] = [],
): Row[] {
  const rows = connection.prepare<unknown[], Row>(sql).all(...toList(values));
  if (json.length === 0) return rows;
  const parse = (row: Row, column: keyof Row) => [
    column,
    row[column] === null ? null : JSON.parse(String(row[column])),
  ];
  return rows.map((row) => ({ ...row, ...Object.fromEntries(json.map((column) => parse(row, column))) }));
}

/** Reads the first row, or undefined where there is none. */
export function readRow<Row>(connection: Connection, sql: string, values: Values = []): Row | undefined {
  return connection.prepare<unknown[], Row>(sql).get(...toList(values));
}

/** Reads the first column of all rows. */
export function readColumn<Value>(connection: Connection, sql: string, values: Values = []): Value[] {
  return connection
    .prepare<unknown[], Value>(sql)
    .pluck()
    .all(...toList(values));
}

/** Reads the first column of the first row, or undefined where there is none. */
export function readValue<Value>(connection: Connection, sql: string, values: Values = []): Value | undefined {
  return connection
    .prepare<unknown[], Value>(sql)
    .pluck()
    .get(...toList(values));
}

/** Inserts a row, given by the names of its columns. `more`: what SQL has behind the values. */
export function insertRow(connection: Connection, table: string, row: Record<string, unknown>, more = ''): void {
  const columns = Object.keys(row);
  const values = columns.map((column) => `@${column}`);
  connection.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')}) ${more}`).run(row);
}

function toList(values: Values): readonly unknown[] {
  return Array.isArray(values) ? values : [values];
}

/** From when to when: parameters `@fromMs`, inclusive, and `@untilMs`, exclusive, where they are defined. */
export interface Between {
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** The condition that what happened first and last, or at a time, happened then. */
export function isBetween(span: Between, first: string, last = first): string {
  return conditionsOf(span, between(first, last));
}

/** The conditions of a span of time, for `conditionsOf`. */
export function between(first: string, last = first) {
  return { fromMs: `${first} >= @fromMs`, untilMs: `${last} < @untilMs` };
}

/** The conditions of those fields of `filter` that are defined, joined by AND; TRUE where none is. */
export function conditionsOf<Filter extends object>(
  filter: Filter,
  conditions: Readonly<Partial<Record<keyof Filter, string>>>,
): string {
  const names = Object.keys(conditions) as (keyof Filter)[];
  const wanted = names.filter((name) => filter[name] !== undefined).map((name) => conditions[name]);
  return wanted.join(' AND ') || 'TRUE';
}

/** The condition that a column has the model `@model`, which is a name, or a pattern with `*` and `?`. */
export function isModel(column: string): string {
  return `(${column} = @model OR ${column} GLOB @model)`;
}

/** The project of a response with the invocation `i` and the thread `t`, or without. */
export const PROJECT = "coalesce(i.project_id, t.project_id, 'unknown')";

/** Joins the invocation `i` and the thread `t` of a response, or of a sum over responses, `alias`. */
export function joinInvocationAndThread(alias: string): string {
  return `LEFT JOIN invocations i ON i.id = ${alias}.invocation_id LEFT JOIN threads t ON t.id = ${alias}.thread_id`;
}
