import type { CommandDescription } from './description.js';
import { NO_COLOR } from './shared-options.js';

/** What is asked of `codex-usage statusline`. */
export interface StatuslineRequest {
  /** Text with `{placeholders}`, or undefined for the line that suits most. */
  readonly format: string | undefined;
  readonly projectId: string | undefined;
  /** An IANA name, or undefined for the system's. */
  readonly timeZone: string | undefined;
  /** `always`: also where the output is no terminal, as in a prompt. */
  readonly color: 'auto' | 'always' | 'never';
}

interface Options {
  readonly format?: string;
  readonly project?: string;
  readonly timezone?: string;
  /** Undefined where neither form is given. */
  readonly color?: boolean;
}

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
  set -g status-right '#(codex-usage statusline)'        in ~/.tmux.conf
`;

/** `statusline`; `perform` is called with what is asked for. */
export function describeStatuslineCommand(perform: (request: StatuslineRequest) => Promise<void>): CommandDescription {
  return {
    name: 'statusline',
    summary: 'one line for a shell prompt or tmux',
    description: 'One line for a shell prompt or tmux: today, the current run, its rate, what is left of rate limits.',
    options: [
      { flags: '--format <text>', text: 'a line of your own, with placeholders' },
      { flags: '--project <id>', text: 'only this project' },
      { flags: '-z, --timezone <name>', text: "whose day it is: an IANA time zone (default: the system's)" },
      { flags: '--color', text: 'colours even where the output is no terminal' },
      NO_COLOR,
    ],
    help: HELP,
    perform: (options: Options) => perform(toRequest(options)),
  };
}

function toRequest({ format, project, timezone, color }: Options): StatuslineRequest {
  return {
    format,
    projectId: project,
    timeZone: timezone,
    color: color === undefined ? 'auto' : color ? 'always' : 'never',
  };
}
