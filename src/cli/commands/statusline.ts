import { StoreError, type StoreProblem, UsageError } from '../../errors.js';
import { isAlive } from '../../process/alive.js';
import { createCalendar } from '../../report/calendar.js';
import { toFigures } from '../../report/figures.js';
import { describeLimits } from '../../report/limits.js';
import { COLOURED, PLAIN } from '../../report/paint.js';
import { readSpending } from '../../report/spending.js';
import {
  fillFormat,
  findUnknownPlaceholders,
  PLACEHOLDER_NAMES,
  renderStatusline,
  type StatuslineFacts,
} from '../../report/statusline.js';
import { findNewestRun, listRunning } from '../../store/activity.js';
import { type Connection, openConnection } from '../../store/open.js';
import { readRateLimits } from '../../store/rate-limits.js';
import { readSummary } from '../../store/scopes.js';
import { type Host, wantsColor } from './host.js';
import { readHostSettings } from './host-settings.js';
import { readQuickLine } from './quick-line.js';
import { describeStatuslineCommand, type StatuslineRequest } from './statusline-options.js';

/** A prompt waits for nobody who writes. */
const BUSY_TIMEOUT_MS = 30;

const TROUBLE: Readonly<Record<StoreProblem, string>> = {
  missing: 'nothing metered yet',
  locked: 'database busy',
  corrupt: 'database unreadable',
  newer: 'update codex-metered',
  full: 'disk full',
  unwritable: 'database unreadable',
  refused: 'database unreadable',
  driver: 'SQLite does not load, see codex-usage doctor',
  other: 'database unreadable',
};

/** A prompt waits for this line: it does without what the other commands load. False where there is something to explain. */
export async function showStatusline(host: Host): Promise<boolean> {
  const command = describeStatuslineCommand((request) => runStatusline(request, host));
  try {
    const line = readQuickLine(host.args, [command]);
    await line?.perform();
    return line !== undefined;
  } catch {
    // Whatever is wrong with the options is explained by the slower way.
    return false;
  }
}

/** Writes the line. What keeps it from that is told in a few words in its place. Throws a UsageError on a bad format. */
export async function runStatusline(request: StatuslineRequest, host: Host): Promise<void> {
  host.stdout.write(`${await describeStatus(request, host)}\n`);
}

async function describeStatus({ format, ...request }: StatuslineRequest, host: Host): Promise<string> {
  const unknown = findUnknownPlaceholders(format ?? '');
  if (unknown.length > 0) {
    const known = PLACEHOLDER_NAMES.map((name) => `{${name}}`).join(' ');
    throw new UsageError(`--format has no placeholder ${unknown.join(', ')}. There are ${known}.`);
  }
  const { settings, fault, paths } = await readHostSettings(host);
  const startOfTodayMs = findStartOfToday(request.timeZone ?? settings.timeZone.value);
  if (fault) return 'codex: bad settings, see codex-usage config';
  const paint = { auto: wantsColor(host) ? COLOURED : PLAIN, always: COLOURED, never: PLAIN }[request.color];
  try {
    const connection = openConnection(paths.database, { mode: 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      const facts = connection.transaction(() => readFacts(connection, request.projectId, startOfTodayMs)).deferred();
      return format === undefined ? renderStatusline(facts, paint) : fillFormat(format, facts, paint);
    } finally {
      connection.close();
    }
  } catch (error) {
    return `codex: ${error instanceof StoreError ? TROUBLE[error.problem] : TROUBLE.other}`;
  }
}

function readFacts(connection: Connection, projectId: string | undefined, startOfTodayMs: number): StatuslineFacts {
  const nowMs = Date.now();
  const newest = findNewestRun(connection, projectId);
  const running = listRunning(connection, projectId).filter(({ meterPid, startedAtMs }) => {
    return meterPid === null || isAlive(meterPid, startedAtMs);
  });
  const isCurrent = newest && (newest.status === 'running' || newest.latestAtMs >= startOfTodayMs);
  return {
    spending: readSpending(connection, { projectId, nowMs, startOfTodayMs }),
    run: isCurrent ? readRun(connection, newest) : undefined,
    running: running.length,
    limits: describeLimits(readRateLimits(connection), nowMs),
  };
}

function readRun(connection: Connection, { projectId, runId }: { projectId: string; runId: string }) {
  const summary = readSummary(connection, { kind: 'run', projectId, runId });
  return { id: runId, figures: toFigures(summary, { ...summary, evidence: [] }) };
}

function findStartOfToday(timeZone: string | undefined): number {
  try {
    const calendar = createCalendar(timeZone);
    return calendar.startOf(calendar.dayOf(Date.now()));
  } catch {
    throw new UsageError(`There is no time zone ${timeZone}: use an IANA name, such as Europe/Berlin or UTC.`);
  }
}
