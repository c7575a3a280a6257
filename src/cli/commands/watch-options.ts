import { type CommandDescription, InvalidValue } from './description.js';
import { parseTimeZone } from './option-values.js';
import { NO_COLOR } from './shared-options.js';

/** What is asked of `codex-usage watch`. */
export interface WatchRequest {
  readonly projectId: string | undefined;
  /** `day`: what ended within the last day is shown too, and not only within the last hour. */
  readonly ended: 'hour' | 'day';
  readonly intervalMs: number;
  readonly extent: 'once' | 'on and on';
  readonly format: 'text' | 'json';
  readonly color: 'auto' | 'never';
  readonly timeZone: string | undefined;
}

interface Options {
  readonly project?: string;
  readonly all?: boolean;
  readonly interval: number;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly timezone?: string;
  readonly color: boolean;
}

const HELP = `
On a terminal it is a view that is drawn anew when something changes; q or Ctrl-C leaves it, c, t and s
sort by cost, tokens and start, the same key again turns the order around. Elsewhere it prints a line per
change, with --json an object per line.

  running    Codex works and is metered
  unmetered  Codex works but its meter was killed: the figures stand still until a later command settles them
  killed     both are dead, and no later command has settled it yet
  Context    how much of the model's context the newest response filled
  $/min      what it has cost so far, per minute of its life
  ~ + unpriced as in "codex-usage help run"

Examples:
  codex-usage watch
  codex-usage watch --project shop --all
  codex-usage watch --once                          one look, for a script
  codex-usage watch --json | jq -c 'select(.state == "ended") | {runId, phase, costUsd}'
`;

/** `watch`; `perform` is called with what is asked for. */
export function describeWatchCommand(perform: (request: WatchRequest) => Promise<void>): CommandDescription {
  return {
    name: 'watch',
    summary: 'what runs now, and what is left of rate limits',
    description: 'What runs now and what ended within the last hour, as it happens, and what is left of rate limits.',
    options: [
      { flags: '--project <id>', text: 'only this project' },
      { flags: '--all', text: 'also what ended within the last day' },
      {
        flags: '--interval <seconds>',
        text: 'how often it looks whether something has changed',
        parse: parseSeconds,
        initial: 1,
      },
      { flags: '--once', text: 'one look' },
      {
        flags: '-z, --timezone <name>',
        text: "times and days of this IANA time zone (default: the system's)",
        parse: parseTimeZone,
      },
      { flags: '-j, --json', text: 'one JSON object per change, a line each' },
      NO_COLOR,
    ],
    help: HELP,
    perform: (options: Options) => perform(toRequest(options)),
  };
}

function toRequest({ project, all, interval, once, json, color, timezone }: Options): WatchRequest {
  return {
    projectId: project,
    ended: all ? 'day' : 'hour',
    intervalMs: interval * 1000,
    extent: once ? 'once' : 'on and on',
    format: json ? 'json' : 'text',
    color: color ? 'auto' : 'never',
    timeZone: timezone,
  };
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d*\.?\d+$/.test(text) && seconds >= 0.1 && seconds <= 3600) return seconds;
  throw new InvalidValue('Use a number of seconds from 0.1 to 3600.');
}
