import { setTimeout as delay } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import type { StoreError } from '../../errors.js';
import { cleanText } from '../../report/amounts.js';
import { createCalendar, createClock } from '../../report/calendar.js';
import { ReportError } from '../../report/error.js';
import { createChangeFinder, describeChange, toChangeJson } from '../../report/live-changes.js';
import { type LiveOrder, type LiveSort, renderScreen } from '../../report/live-screen.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { openFullScreen } from './full-screen.js';
import { chooseStyle } from './host.js';
import { describeTimeZone, NO_COLOR, PROJECT, TAGS, toWantedTags } from './shared-options.js';
import { describePastSessions, readForm, writeFailure } from './show.js';
import { LiveFeed, type Reading } from './watch-feed.js';

const HOUR_MS = 60 * 60_000;
const KEYS: Readonly<Record<string, LiveSort>> = { s: 'started', c: 'cost', t: 'tokens' };
const NEWEST_FIRST: LiveOrder = { by: 'started', direction: 'down' };

const OPTIONS = {
  project: PROJECT,
  ...TAGS,
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
  codex-usage watch --branch main --tag team=search
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
    const { options, host } = call;
    const { format, timeZone } = readForm(call);
    const feed = new LiveFeed({
      paths: call.paths,
      catchUp: () => call.prepare(),
      projectId: options.project,
      tags: toWantedTags(options),
      endedWithinMs: options.all ? 24 * HOUR_MS : HOUR_MS,
      calendar: createCalendar(timeZone),
    });
    try {
      if (options.once) return await showOnce(feed.read(), call);
      if (format === 'text' && host.stdout.isTTY) await showScreen(feed, call);
      else await printChanges(feed, call);
      return 0;
    } finally {
      feed.close();
    }
  },
});

type WatchCall = Call<typeof OPTIONS>;

/** Returns the exit code: 1 when there is nothing to show. */
async function showOnce({ view, problem }: Reading, call: WatchCall): Promise<number> {
  const { format, timeZone } = readForm(call);
  if (!view) return writeFailure(problem, call);
  if (view.unrecorded !== undefined) {
    return writeFailure(new ReportError('unknown', describeUnrecorded(view.unrecorded)), call);
  }
  if (format === 'json') {
    const lines = createChangeFinder()(view).map((change) => `${JSON.stringify(toChangeJson(change, Date.now()))}\n`);
    call.host.stdout.write(lines.join(''));
    return 0;
  }
  const options = { clock: createClock(timeZone), nowMs: Date.now(), height: undefined, order: NEWEST_FIRST };
  const lines = renderScreen(view, { ...chooseStyle(call), ...options, notice: undefined, help: 'none' });
  call.host.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** A line per change, for as long as somebody reads them. */
async function printChanges(feed: LiveFeed, call: WatchCall): Promise<void> {
  const { host, options } = call;
  const { format, timeZone } = readForm(call);
  const findChanges = createChangeFinder();
  const clock = createClock(timeZone);
  let last = '';
  await repeat(options.interval, () => {
    const { view, problem } = feed.read();
    const fault = problem && problem.problem !== 'locked' ? problem.message : '';
    const remark = fault || (view?.unrecorded === undefined ? '' : describeUnrecorded(view.unrecorded));
    if (remark && remark !== last) host.stderr.write(`${remark}\n`);
    last = remark;
    const nowMs = Date.now();
    for (const change of view ? findChanges(view) : []) {
      const json = () => JSON.stringify(toChangeJson(change, nowMs));
      host.stdout.write(`${format === 'json' ? json() : describeChange(change, { nowMs, clock })}\n`);
    }
  });
}

async function showScreen(feed: LiveFeed, call: WatchCall): Promise<void> {
  const { paint } = chooseStyle(call);
  const clock = createClock(readForm(call).timeZone);
  const stop = new AbortController();
  let past: string | undefined;
  // Many session files take a while to count, and the view is shown meanwhile.
  if (feed.read().problem?.problem === 'missing') {
    void describePastSessions(call.host.env).then((text) => {
      past = text;
    });
  }
  let order = NEWEST_FIRST;
  const draw = () => {
    const { view, problem } = feed.read();
    const unrecorded = view?.unrecorded === undefined ? undefined : describeUnrecorded(view.unrecorded);
    const notice = problem ? describeProblem(problem, past) : unrecorded;
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
    await repeat(call.options.interval, draw, stop.signal);
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

function describeUnrecorded(project: string): string {
  return `Nothing is recorded of project ${cleanText(project)} yet.`;
}

/** Takes `step` again and again, until `stop` or for ever. Rejects with what it throws. */
async function repeat(seconds: number, step: () => void, stop?: AbortSignal): Promise<void> {
  while (!stop?.aborted) {
    step();
    await delay(seconds * 1000, undefined, { signal: stop }).catch(() => undefined);
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d*\.?\d+$/.test(text) && seconds >= 0.1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('Use a number of seconds from 0.1 to 3600.');
}
