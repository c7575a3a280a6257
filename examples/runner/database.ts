import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';

export type Db = Database.Database;

export interface Project {
  readonly id: string;
  readonly path: string;
  readonly monthly_budget_usd: number;
}

export type RunStatus = 'running' | 'waiting for an answer' | 'approved' | 'rejected' | 'failed' | 'cancelled';

export interface Run {
  readonly id: string;
  readonly project_id: string;
  readonly task: string;
  readonly rounds: number;
  /** The folder of this run, named by its id. */
  readonly folder: string;
  readonly status: RunStatus;
  /** What the builder asked, and what a person answered. */
  readonly question: string | null;
  readonly answer: string | null;
  /** Of the worker, which leads a process group of its own. */
  readonly pid: number | null;
  readonly error: string | null;
}

export interface Chat {
  readonly id: string;
  readonly project_id: string;
  readonly message: string;
  /** May it change files? It then works in a work tree of its own. */
  readonly may_write: 0 | 1;
  readonly status: 'running' | 'done' | 'failed';
  readonly answer: string | null;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS projects (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    monthly_budget_usd REAL NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    task TEXT NOT NULL,
    rounds INTEGER NOT NULL,
    folder TEXT NOT NULL,
    status TEXT NOT NULL,
    question TEXT,
    answer TEXT,
    pid INTEGER,
    error TEXT
  );
  CREATE TABLE IF NOT EXISTS chats (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    message TEXT NOT NULL,
    may_write INTEGER NOT NULL,
    status TEXT NOT NULL,
    answer TEXT
  );
  CREATE TABLE IF NOT EXISTS cost_records (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    run_id TEXT REFERENCES runs (id) ON DELETE SET NULL,
    category TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    is_actual INTEGER NOT NULL DEFAULT 0,
    model TEXT NOT NULL,
    input_cost_per_1k REAL NOT NULL,
    output_cost_per_1k REAL NOT NULL,
    total_cost_usd REAL NOT NULL,
    description TEXT,
    created_at TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS cost_records_by_time ON cost_records (project_id, created_at);`;

/** Opens the control center's database, which lies in the folder that it is started in. */
export function openDatabase(path = resolve('control-center.db')): Db {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('foreign_keys = ON');
  db.exec(SCHEMA);
  return db;
}

export function addRow(db: Db, table: 'projects' | 'runs' | 'chats' | 'cost_records', row: Record<string, unknown>) {
  const names = Object.keys(row);
  const values = names.map((name) => `@${name}`);
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`).run(row);
}

export function changeRow(db: Db, table: 'runs' | 'chats', id: string, changes: Record<string, unknown>): void {
  const columns = Object.keys(changes).map((name) => `${name} = @${name}`);
  db.prepare(`UPDATE ${table} SET ${columns.join(', ')} WHERE id = @id`).run({ ...changes, id });
}

/** The row of that id. Throws an Error that says what there is no row of. */
export function findRow(db: Db, table: 'projects', id: string): Project;
export function findRow(db: Db, table: 'runs', id: string): Run;
export function findRow(db: Db, table: 'chats', id: string): Chat;
export function findRow(db: Db, table: string, id: string): unknown {
  const row = db.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id);
  if (row === undefined) throw new Error(`there is no "${id}" among the ${table}`);
  return row;
}

export const newId = randomUUID;
