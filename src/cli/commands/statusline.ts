import { StoreError, type StoreProblem, UsageError } from '../../errors.js';
import { isAlive } from '../../process/processes.js';
import { cleanText } from '../../report/amounts.js';
import { createCalendar } from '../../report/calendar.js';
import { toFigures } from '../../report/figures.js';
import { describeLimits } from '../../report/limits.js';
import { readSpending } from '../../report/live.js';
import { COLOURED, PLAIN } from '../../report/paint.js';
import {
  fillFormat,
  findUnknownPlaceholders,
  PLACEHOLDER_NAMES,
  type Room,
  renderStatusline,
  type StatuslineFacts,
} from '../../report/statusline.js';
import { findNewestRun, listRunning } from '../../store/activity.js';
import { type Connection, openConnection } from '../../store/open.js';
import { readRateLimits } from '../../store/rate-limits.js';
import { findProjects, readSummary } from '../../store/scopes.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { wantsColor } from './host.js';
import { FLEET, NO_COLOR, PROJECT, parseCount } from './shared-options.js';

/** How long it waits for a run that is writing: a prompt must not hang. */
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

const OPTIONS = {
  format: { value: '<text>', text: 'a line of your own, with placeholders' },
  width: {
    value: '<cells>',
    text: 'no wider than so many cells: the least important is left out first, a format is cut',
    parse: parseCount,
  },
  project: PROJECT,
  fleet: FLEET,
  timezone: {
    ...{ short: 'z', value: '<name>' },
    text: "whose day it is: an IANA time zone (default: the system's)",
  },
  color: { text: 'colours even where the output is no terminal' },
  noColor: NO_COLOR,
} satisfies Record<string, OptionSpec>;

const HELP = `
Placeholders of --format:
  {today}    what today cost                {running}  how many invocations run
  {run}      what the current run cost      {run_id}   its id
  {rate}     what the last ten minutes cost, per hour
  {5h} {week}  what is left of these rate-limit windows      {windows}  all windows

A cost that begins with ~ is not all reported by the API; one that ends with + leaves out what has no
price. It shows what is recorded and waits for nobody: without a database it says so and exits with 0.

Examples:
  codex-usage statusline
  codex-usage statusline --format '{today} today, {5h} left of 5h'
  set -g status-right '#(codex-usage statusline --width 40)'        in ~/.tmux.conf
`;

/** A shell prompt waits for this command, so it is started without what the others load and does not prepare the record. */
export const statusline = defineCommand({
  name: 'statusline',
  summary: 'one line for a shell prompt or tmux',
  description: 'One line for a shell prompt or tmux: today, the current run, its rate, what is left of rate limits.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    call.host.stdout.write(`${describeStatus(call, await measureRoom(call.options.width))}\n`);
    return 0;
  },
});

async function measureRoom(width: number | undefined): Promise<Room | undefined> {
  if (width === undefined) return undefined;
  const { cutText, measureWidth } = await import('../../report/table.js');
  return { width, measure: measureWidth, cut: cutText };
}

/** Returns the line, or in a few words what keeps it from being made. Throws a UsageError when an option is wrong. */
function describeStatus(call: Call<typeof OPTIONS>, room: Room | undefined): string {
  const { options, host, settings, fault, paths } = call;
  const { format, project, timezone, color, noColor } = options;
  const unknown = findUnknownPlaceholders(format ?? '');
  if (unknown.length > 0) {
    const known = PLACEHOLDER_NAMES.map((name) => `{${name}}`).join(' ');
    throw new UsageError(`--format has no placeholder ${unknown.join(', ')}. There are ${known}.`);
  }
  const startOfTodayMs = findStartOfToday(timezone ?? settings.timeZone.value);
  if (fault) return 'codex: bad settings, see codex-usage config';
  const paint = color || (!noColor && wantsColor(host)) ? COLOURED : PLAIN;
  try {
    const connection = openConnection(paths.database, { mode: 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      if (project !== undefined && !findProjects(connection).includes(project)) {
        return `codex: nothing of project ${cleanText(project)} yet`;
      }
      const facts = connection.transaction(() => readFacts(connection, project, startOfTodayMs)).deferred();
      return format === undefined ? renderStatusline(facts, paint, room) : fillFormat(format, facts, paint, room);
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
  return { id: runId, figures: toFigures(summary) };
}

function findStartOfToday(timeZone: string | undefined): number {
  try {
    const calendar = createCalendar(timeZone);
    return calendar.startOf(calendar.dayOf(Date.now()));
  } catch {
    throw new UsageError(`There is no time zone ${timeZone}: use an IANA name, such as Europe/Berlin or UTC.`);
  }
}
