import type pg from 'pg';
import { initFleet } from '../../src/fleet/postgres/init.js';
import { listProcesses } from '../harness/children.js';
import { waitFor } from '../harness/wait.js';
import type { PostgresServer } from './postgres-server.js';

/** A database of a fleet, and who may push to it. */
export interface Fleet {
  readonly admin: pg.Client;
  /** The URL that a target is set to. */
  readonly url: string;
  /** The same with the role that reads. */
  readonly readUrl: string;
  /** Rows of a table or a view of the schema, as the administrator sees them. */
  read<Row = Record<string, unknown>>(sql: string): Promise<Row[]>;
}

/** Makes a database with the schema, to which the role `pusher` may push and of which `reader` may read. */
export async function createFleet(server: PostgresServer): Promise<Fleet> {
  const database = await server.createDatabase();
  const admin = await server.connect(database);
  await initFleet(admin);
  await admin.query('DO $$ BEGIN CREATE ROLE pusher LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$');
  await admin.query('DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$');
  await admin.query("SELECT codex_metered.allow_push('pusher'), codex_metered.allow_read('reader')");
  await admin.query('SET search_path = codex_metered');
  return {
    admin,
    url: server.url(database, 'pusher'),
    readUrl: server.url(database, 'reader'),
    read: async <Row>(sql: string) => (await admin.query(sql)).rows as Row[],
  };
}

/** The pushes that go on beside the runs of a home. */
export function listPushes(home: string): { pid: number; command: string }[] {
  return listProcesses(home).filter(({ command }) => command.includes(' push '));
}

/** Ends the pushes that go on beside the runs of a home, as a service manager would, and those that begin meanwhile. */
export async function endPushes(home: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const asked = new Set<number>();
  await waitFor('the end of the pushes', () => {
    const pushes = listPushes(home);
    for (const { pid } of pushes) if (!asked.has(pid)) process.kill(pid, signal);
    for (const { pid } of pushes) asked.add(pid);
    return pushes.length === 0;
  });
}
