import { AGENT_IDS, AGENTS, findHomes } from '../../agents/registry.js';
import { StoreError, UsageError } from '../../errors.js';
import { findHistoryFiles } from '../../history/discovery.js';
import { cleanText, formatCount, formatPlural } from '../../report/amounts.js';
import { type Clock, createClock } from '../../report/calendar.js';
import { type Candidate, ReportError } from '../../report/error.js';
import { SCHEMA_VERSION, toIso } from '../../report/sums-json.js';
import { type Connection, openConnection } from '../../store/open.js';
import { openStore, type Store } from '../../store/store.js';
import type { CostUnit } from '../../usage/options.js';
import type { Call } from './command.js';
import { type Host, isTeamDatabase } from './host.js';

/** How long a report waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 5000;

/** A call of a command that makes a report, with those of the options that reports share. */
export interface ReportCall extends Pick<Call<object>, 'host' | 'paths' | 'settings'> {
  readonly options: {
    readonly json?: boolean;
    readonly markdown?: boolean;
    readonly timezone?: string | undefined;
    readonly unit?: CostUnit | undefined;
    readonly noImport?: boolean;
  };
}

export type Form = ReturnType<typeof readForm>;

/** In which format, time zone and unit a report is made. Throws a UsageError when two formats are asked for. */
export function readForm({ options, settings }: ReportCall) {
  const { json, markdown, timezone, unit } = options;
  if (json && markdown) throw new UsageError('--markdown is a report: leave out --json.');
  return {
    format: json ? 'json' : markdown ? 'markdown' : 'text',
    timeZone: timezone ?? settings.timeZone.value,
    unit: unit ?? settings.unit.value,
  } as const;
}

/** Writes what `render` makes of the store to the host, or why there is nothing to show. Returns the exit code: 0, or 1 for the latter. */
export async function showReport(
  call: ReportCall,
  render: (store: Store, form: Form) => string | Promise<string>,
): Promise<number> {
  const { host, paths } = call;
  const form = readForm(call);
  try {
    const store = openStore(paths.database, { mode: host.access ?? 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      host.stdout.write(await render(store, form));
    } finally {
      store.close();
    }
    return 0;
  } catch (error) {
    return writeFailure(error, call);
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
    const failure = explainFailure(error, database);
    if (!failure) throw error;
    stderr.write(failure.text);
    return undefined;
  } finally {
    connection?.close();
  }
}

/** Writes why there is nothing to show. Returns the exit code, 1. Throws an error that is a fault in our code. */
export async function writeFailure(error: unknown, call: ReportCall): Promise<number> {
  const { host, paths } = call;
  const { format, timeZone } = readForm(call);
  const failure = explainFailure(error, paths.database, timeZone);
  if (!failure) throw error;
  if (format === 'json') host.stdout.write(formatJson(failure.json));
  const past = failure.kind === 'nothing-metered' ? await describePastSessions(host.env) : undefined;
  host.stderr.write(failure.text + (past === undefined ? '' : `${past}\n`));
  return 1;
}

/**
 * Says how many past sessions lie on this machine and which command shows them, for a report of what was metered that has
 * nothing to show. Returns undefined when there are none.
 */
export async function describePastSessions(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { files } = await findHistoryFiles(findHomes(env));
  if (files.length === 0) return undefined;
  const counts = AGENT_IDS.flatMap((id) => {
    const count = files.filter(({ provider }) => provider === id).length;
    return count === 0 ? [] : `${formatCount(count)} of ${AGENTS[id].label}`;
  });
  return `There are ${formatPlural(files.length, 'past session')} on this machine (${counts.join(', ')}): codex-usage daily shows what they cost.`;
}

export function formatJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const START = ['Run Codex through codex-metered, and it is recorded: codex-metered exec "…"'];

/** Why there is nothing to show, as text and as JSON, for an error of a report or of the store. Undefined for any other error, which is a fault in our code. */
export function explainFailure(error: unknown, database: string, timeZone?: string) {
  if (!(error instanceof StoreError || error instanceof ReportError)) return undefined;
  const isMissing = error instanceof StoreError && error.problem === 'missing';
  const isEmpty = isMissing || (error instanceof ReportError && error.kind === 'nothing-metered');
  if (isEmpty && isTeamDatabase(database)) {
    return describe('nothing-pulled', 'Nothing of the fleet has been pulled yet: codex-usage pull brings it.');
  }
  if (isMissing) {
    return describe('nothing-metered', `Nothing has been metered yet: there is no database at ${database}.`, START);
  }
  if (error instanceof StoreError) return describe(error.problem, error.message);
  const { kind, message, candidates } = error;
  return describe(kind, message, isEmpty ? START : listCandidates(candidates, createClock(timeZone)), candidates);
}

function describe(
  kind: string,
  message: string,
  details: readonly string[] = [],
  candidates: readonly Candidate[] = [],
) {
  const named = candidates.map(({ id, projectIds, startedAtMs }) => ({
    id,
    projectIds,
    startedAt: toIso(startedAtMs),
  }));
  const json = { schemaVersion: SCHEMA_VERSION, error: { kind, message, candidates: named } };
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
