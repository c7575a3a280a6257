import type { Paths } from '../../config/paths.js';
import { StoreError } from '../../errors.js';
import { cleanText } from '../../report/amounts.js';
import { type Clock, createClock } from '../../report/calendar.js';
import { type Candidate, ReportError } from '../../report/error.js';
import { SCHEMA_VERSION, toIso } from '../../report/sums-json.js';
import { type Connection, openConnection } from '../../store/open.js';
import { openStore, type Store } from '../../store/store.js';
import type { Host } from './host.js';
import { describePastSessions } from './past-sessions.js';
import { isTeamDatabase } from './team-database.js';

/** How long a report waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 5000;

export interface ReportRequest {
  readonly format: 'text' | 'json' | 'markdown';
  readonly timeZone: string | undefined;
}

/**
 * Writes what `render` makes of the store to the host, or why there is nothing to show. Returns the exit code: 0, or 1
 * for the latter.
 */
export async function showReport(
  request: ReportRequest,
  host: Host,
  { database }: Paths,
  render: (store: Store) => string | Promise<string>,
): Promise<number> {
  try {
    const store = openStore(database, { mode: host.access ?? 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      host.stdout.write(await render(store));
    } finally {
      store.close();
    }
    return 0;
  } catch (error) {
    const failure = explainFailure(error, { database, timeZone: request.timeZone });
    if (!failure) throw error;
    return writeFailure(failure, request, host);
  }
}

/** A database that a command opens. */
export interface OpenedDatabase {
  readonly database: string;
  readonly mode: 'read' | 'write';
  /** How long a statement waits for another process that writes. */
  readonly busyTimeoutMs: number;
}

/** Works on a database, and returns what `work` does. Undefined where the store had a fault, which is then on stderr. */
export async function withDatabase<T>(
  { stderr }: Pick<Host, 'stderr'>,
  { database, ...access }: OpenedDatabase,
  work: (connection: Connection) => T | Promise<T>,
): Promise<T | undefined> {
  let connection: Connection | undefined;
  try {
    connection = openConnection(database, access);
    return await work(connection);
  } catch (error) {
    const failure = explainFailure(error, { database, timeZone: undefined });
    if (!failure) throw error;
    stderr.write(failure.text);
    return undefined;
  } finally {
    connection?.close();
  }
}

/** Writes why there is nothing to show. Returns the exit code. */
export async function writeFailure(failure: Failure, { format }: Pick<ReportRequest, 'format'>, host: Host) {
  if (format === 'json') host.stdout.write(formatJson(failure.json));
  const past = failure.kind === 'nothing-metered' ? await describePastSessions(host.env) : undefined;
  host.stderr.write(failure.text + (past === undefined ? '' : `${past}\n`));
  return 1;
}

export function formatJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Why there is nothing to show, as text and as JSON. */
export interface Failure {
  readonly kind: string;
  readonly text: string;
  readonly json: object;
}

/** Explains an error of a report or of the store. Returns undefined for any other error, which is a fault in our code. */
export function explainFailure(
  error: unknown,
  { database, timeZone }: { database: string; timeZone: string | undefined },
): Failure | undefined {
  const isEmpty = error instanceof StoreError ? error.problem === 'missing' : isNothingMetered(error);
  if (isEmpty && isTeamDatabase(database)) {
    return describe('nothing-pulled', 'Nothing of the fleet has been pulled yet: codex-usage pull brings it.');
  }
  if (error instanceof StoreError && error.problem === 'missing') {
    return describe('nothing-metered', `Nothing has been metered yet: there is no database at ${database}.`, START);
  }
  if (error instanceof StoreError) return describe(error.problem, error.message);
  if (!(error instanceof ReportError)) return undefined;
  if (error.kind === 'nothing-metered') return describe(error.kind, error.message, START);
  return describe(error.kind, error.message, listCandidates(error.candidates, createClock(timeZone)), error.candidates);
}

function isNothingMetered(error: unknown): boolean {
  return error instanceof ReportError && error.kind === 'nothing-metered';
}

const START = ['Run Codex through codex-metered, and it is recorded: codex-metered exec "…"'];

function describe(
  kind: string,
  message: string,
  details: readonly string[] = [],
  candidates: readonly Candidate[] = [],
): Failure {
  const json = {
    schemaVersion: SCHEMA_VERSION,
    error: {
      kind,
      message,
      candidates: candidates.map(({ id, projectIds, startedAtMs }) => ({
        id,
        projectIds,
        startedAt: toIso(startedAtMs),
      })),
    },
  };
  return { kind, text: [cleanText(message), ...details, ''].join('\n'), json };
}

function listCandidates(candidates: readonly Candidate[], clock: Clock): string[] {
  if (candidates.length === 0) return [];
  const width = Math.max(...candidates.map(({ id }) => id.length));
  const lines = candidates.map(({ id, projectIds, startedAtMs }) => {
    return cleanText(`${id.padEnd(width)}  ${clock.formatMinute(startedAtMs)}  ${projectIds.join(', ')}`);
  });
  return ['The newest are:', ...lines.map((line) => `  ${line}`)];
}
