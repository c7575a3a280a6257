import { existsSync } from 'node:fs';
import { type Connection, openDatabase } from '../../src/store/driver.js';

/** A runner's own database, as such programs have it: keys between its tables, and columns that are not ours. */
export interface ControlCenter {
  readonly path: string;
  readonly connection: Connection;
  rows(): Record<string, unknown>[];
  /** Writes what such a program writes itself when it has seen the end of a Codex. */
  estimate(values: Record<string, unknown>): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS projects (id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT);
  CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects (id));
  CREATE TABLE IF NOT EXISTS cost_records (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    run_id TEXT REFERENCES runs (id) ON DELETE SET NULL,
    category TEXT NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    is_actual INTEGER NOT NULL DEFAULT 0,
    model TEXT,
    input_cost_per_1k REAL,
    output_cost_per_1k REAL,
    total_cost_usd REAL,
    description TEXT,
    created_at TEXT NOT NULL,
    reviewed_by TEXT,
    tags TEXT NOT NULL DEFAULT '[]'
  );`;

const ESTIMATE = {
  ...{ project_id: 'shop', run_id: 'nightly-7', category: 'builder', model: 'gpt-5.3-codex', is_actual: 0 },
  ...{ input_tokens: 1330, output_tokens: 90, input_cost_per_1k: 0.015, output_cost_per_1k: 0.06 },
  ...{ total_cost_usd: 0.02535, description: 'builder iteration 1 | token usage estimated', tags: '["theirs"]' },
};

/** Opens the database at `path`, making it where there is none, with the projects and runs that are given. */
export function openControlCenter(path: string, parents: { projects?: string[]; runs?: string[] } = {}): ControlCenter {
  const isNew = !existsSync(path);
  const connection = openDatabase(path);
  if (isNew) connection.exec(SCHEMA);
  const { projects = [], runs = [] } = parents;
  for (const id of projects) connection.prepare('INSERT INTO projects (id, name) VALUES (?, ?)').run(id, id);
  for (const id of runs) connection.prepare('INSERT INTO runs VALUES (?, ?)').run(id, projects[0]);
  return {
    path,
    connection,
    estimate(values) {
      const row = { ...ESTIMATE, ...values };
      const names = Object.keys(row);
      const sql = `INSERT INTO cost_records (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`;
      connection.prepare(sql).run(row);
    },
    rows: () => connection.prepare('SELECT * FROM cost_records ORDER BY created_at, id').all() as never,
  };
}
