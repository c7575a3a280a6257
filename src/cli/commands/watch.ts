import { setTimeout as delay } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import type { StoreError } from '../../errors.js';
import { createCalendar, createClock } from '../../report/calendar.js';
import { createChangeFinder, describeChange, toChangeJson } from '../../report/live-changes.js';
import { type LiveOrder, type LiveSort, renderScreen } from '../../report/live-screen.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { openFullScreen } from './full-screen.js';
import { chooseStyle, type Host } from './host.js';
import { describePastSessions } from './past-sessions.js';
import { describeTimeZone, NO_COLOR, PROJECT } from './shared-options.js';
import { explainFailure, writeFailure } from './show.js';
import { LiveFeed, type Look } from './watch-feed.js';

const HOUR_MS = 60 * 60_000;
const KEYS: Readonly<Record<string, LiveSort>> = { s: 'started', c: 'cost', t: 'tokens' };
const NEWEST_FIRST: LiveOrder = { by: 'started', direction: 'down' };

const OPTIONS = {
  project: PROJECT,
  all: { text: 'also what ended within the last day' },
  interval: {
    ...{ value: '<seconds>', text: 'how often it looks whether something has changed' },
    ...{ parse: parseSeconds, initial: 1 },
  },
  once: { text: 'one look' },
  timezone: describeTimeZone('times and days of this IANA time zone'),
  json: { short: 'j', text: 'one JSON object per change, a line each' },
  noColor: NO_COLOR,
} satisfies Record<string, OptionSpec>;

const HELP = `
On a terminal it is a view that is drawn anew when something changes; q or Ctrl-C leaves it, c, t and s
sort by cost, tokens and start, the same key again turns the order around. Elsewhere it prints a line per
change, with --json an object per line.

  running     Codex works and is metered
  unmetered   Codex works but its meter was killed: the figures stand still until a later command settles them
  kept aside  Codex has ended; the end of its record is taken in as soon as the database is free
  killed      both were killed, and no later command has settled it yet
  Context     how much of the model's context the newest response filled
  $/min       what it has cost so far, per minute of its life
  ~ + unpriced as in "codex-usage help run"

Examples:
  codex-usage watch
  codex-usage watch --project shop --all
  codex-usage watch --once                          one look, for a script
  codex-usage watch --json | jq -c 'select(.state == "ended") | {runId, phase, costUsd}'
`;

export const watch = defineCommand({
  name: 'watch',
  summary: 'what runs now, and what is left of rate limits',
  description: 'What runs now and what ended within the last hour, as it happens, and what is left of rate limits.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    await call.prepare();
    return showLive(toRequest(call), call);
  },
});

type WatchRequest = ReturnType<typeof toRequest>;

function toRequest({ options, settings }: Call<typeof OPTIONS>) {
  return {
    projectId: options.project,
    endedWithinMs: options.all ? 24 * HOUR_MS : HOUR_MS,
    intervalMs: options.interval * 1000,
    extent: options.once ? 'once' : 'on and on',
    format: options.json ? 'json' : 'text',
    color: options.noColor ? 'never' : 'auto',
    timeZone: options.timezone ?? settings.timeZone.value,
  } as const;
}

/** Shows what runs until it is told to stop, or once. Returns the exit code: 1 when there is nothing to show. */
async function showLive(request: WatchRequest, { host, paths, prepare }: Call<typeof OPTIONS>): Promise<number> {
  const feed = new LiveFeed({
    paths,
    catchUp: () => prepare(),
    projectId: request.projectId,
    endedWithinMs: request.endedWithinMs,
    calendar: createCalendar(request.timeZone),
  });
  try {
    if (request.extent === 'once') return await showOnce(feed.look(), request, host, paths.database);
    if (request.format === 'text' && host.stdout.isTTY) await showScreen(feed, request, host);
    else await printChanges(feed, request, host);
    return 0;
  } finally {
    feed.close();
  }
}

async function showOnce({ view, problem }: Look, request: WatchRequest, host: Host, database: string): Promise<number> {
  if (!view) {
    const failure = explainFailure(problem, { database, timeZone: request.timeZone });
    if (!failure) throw problem;
    return writeFailure(failure, request, host);
  }
  if (request.format === 'json') {
    const lines = createChangeFinder()(view).map((change) => `${JSON.stringify(toChangeJson(change, Date.now()))}\n`);
    host.stdout.write(lines.join(''));
    return 0;
  }
  const clock = createClock(request.timeZone);
  const options = { clock, nowMs: Date.now(), height: undefined, order: NEWEST_FIRST, notice: undefined };
  const lines = renderScreen(view, { ...chooseStyle(request, host), ...options, help: 'none' });
  host.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** A line per change, for as long as somebody reads them. */
async function printChanges(feed: LiveFeed, request: WatchRequest, host: Host): Promise<void> {
  const findChanges = createChangeFinder();
  const clock = createClock(request.timeZone);
  let told = '';
  await repeat(request.intervalMs, () => {
    const { view, problem } = feed.look();
    const complaint = problem && problem.problem !== 'locked' ? problem.message : '';
    if (complaint && complaint !== told) host.stderr.write(`${complaint}\n`);
    told = complaint;
    const nowMs = Date.now();
    for (const change of view ? findChanges(view) : []) {
      const line =
        request.format === 'json'
          ? JSON.stringify(toChangeJson(change, nowMs))
          : describeChange(change, { nowMs, clock });
      host.stdout.write(`${line}\n`);
    }
  });
}

async function showScreen(feed: LiveFeed, request: WatchRequest, host: Host): Promise<void> {
  const { paint } = chooseStyle(request, host);
  const clock = createClock(request.timeZone);
  const stop = new AbortController();
  let past: string | undefined;
  // Many session files take a while to count, and the view is shown meanwhile.
  if (feed.look().problem?.problem === 'missing') {
    void describePastSessions(host.env).then((text) => {
      past = text;
    });
  }
  let order = NEWEST_FIRST;
  const draw = () => {
    const { view, problem } = feed.look();
    const notice = problem && describeProblem(problem, past);
    const { width, height } = screen.size();
    screen.draw(renderScreen(view, { width, height, paint, clock, order, notice, nowMs: Date.now(), help: 'keys' }));
  };
  const screen = openFullScreen({
    onLost: draw,
    onKey(keys) {
      for (const key of keys.toLowerCase()) {
        const by = KEYS[key];
        if (key === 'q') stop.abort();
        else if (by) order = { by, direction: order.by === by && order.direction === 'down' ? 'up' : 'down' };
      }
      draw();
    },
  });
  try {
    await repeat(request.intervalMs, draw, stop.signal);
  } finally {
    screen.close();
  }
}

function describeProblem({ problem, message }: StoreError, past = ''): string {
  if (problem === 'missing') {
    return `Nothing has been metered yet. What codex-metered runs is shown here as it happens. ${past}`.trimEnd();
  }
  return problem === 'locked' ? 'The database is busy: this is what was last read.' : message;
}

/** Takes `step` again and again, until `stop` or for ever. Rejects with what it throws. */
async function repeat(intervalMs: number, step: () => void, stop?: AbortSignal): Promise<void> {
  while (!stop?.aborted) {
    step();
    await delay(intervalMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d*\.?\d+$/.test(text) && seconds >= 0.1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('Use a number of seconds from 0.1 to 3600.');
}
