import type { Source } from '../usage/source.js';
import { countUnreadableFiles, readUnreadableFiles, type UnreadableFileRow } from './health-queries.js';
import { CANNOT_BE_SETTLED } from './invocations.js';
import type { Connection } from './open.js';

/** What a database holds, and whether it is whole. */
export interface Health {
  /** What SQLite found wrong; none when it is whole. */
  readonly faults: readonly string[];
  readonly schemaVersion: number;
  readonly invocations: number;
  readonly shares: readonly { readonly source: Source; readonly responses: number }[];
  readonly unpriced: readonly { readonly model: string; readonly responses: number }[];
  /** Session files of which not all could be read. */
  readonly unreadableFiles: { readonly count: number; readonly named: readonly UnreadableFileRow[] };
  /** What Claude Code used without telling it anywhere. */
  readonly untold: Untold;
  /** Notes since the time that was asked for. */
  readonly disagreements: readonly Disagreement[];
}

export interface Untold {
  /** Session files that hold compactions or prompt hooks without a total behind them, and how many at least. */
  readonly files: number;
  readonly responses: number;
  /** Runs of sessions whose messages used more than their own total says: what else they used is not known. */
  readonly shortRuns: number;
}

/** An invocation of which pieces of evidence differ. */
export interface Disagreement {
  readonly projectId: string;
  readonly runId: string;
  readonly reason: string;
}

const MOST_FAULTS = 5;
const MOST_NAMED = 3;

/** Looks the whole database through. Throws what SQLite throws when it cannot even be read. */
export function readHealth(connection: Connection, { sinceMs }: { readonly sinceMs: number }): Health {
  const found = connection.pragma(`quick_check(${MOST_FAULTS})`) as { quick_check: string }[];
  const read = <Row>(sql: string, ...values: unknown[]) => connection.prepare<unknown[], Row>(sql).all(...values);
  return {
    faults: found.map((row) => row.quick_check).filter((text) => text !== 'ok'),
    schemaVersion: connection.pragma('user_version', { simple: true }) as number,
    invocations: connection.prepare<[], number>('SELECT count(*) FROM invocations').pluck().get() ?? 0,
    shares: read('SELECT source, sum(responses) AS responses FROM buckets GROUP BY source ORDER BY 2 DESC'),
    unpriced: read(
      `SELECT model, sum(unpriced_responses) AS responses FROM buckets WHERE unpriced_responses > 0
       GROUP BY model ORDER BY 2 DESC`,
    ),
    unreadableFiles: { count: countUnreadableFiles(connection), named: readUnreadableFiles(connection, MOST_NAMED) },
    untold: connection
      .prepare<[], Untold>(
        `SELECT count(*) AS files, coalesce(sum(untold_responses), 0) AS responses,
           (SELECT count(*) FROM session_runs WHERE extent = 'short') AS shortRuns
         FROM history_files WHERE untold_responses > 0`,
      )
      .get() as Untold,
    disagreements: read(
      `SELECT i.project_id AS projectId, i.run_id AS runId, n.reason FROM notes n JOIN invocations i
       ON i.id = n.invocation_id WHERE n.kind = 'disagreement' AND n.noted_at_ms >= ? ORDER BY n.noted_at_ms DESC`,
      sinceMs,
    ),
  };
}

/** Why invocations whose meter was killed cannot be settled: the newest reason of each. */
export function readUnsettled(connection: Connection): Disagreement[] {
  return connection
    .prepare<[string], Disagreement & { id: number }>(
      `SELECT i.project_id AS projectId, i.run_id AS runId, n.reason, max(n.id) AS id
       FROM notes n JOIN invocations i ON i.id = n.invocation_id
       WHERE i.status = 'running' AND n.kind = 'fault' AND instr(n.reason, ?) = 1 GROUP BY i.id ORDER BY id`,
    )
    .all(CANNOT_BE_SETTLED);
}
