import type { parseArgs } from 'node:util';
import type { Command } from 'commander';

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

export interface StatuslineOptions {
  readonly format?: string;
  readonly project?: string;
  readonly timezone?: string;
  /** Commander makes it undefined where neither form is given. */
  readonly color?: boolean;
}

/** The same options for the quick start, which does without commander: test/cli/commands/statusline.test.ts holds that. */
export const QUICK_OPTIONS = {
  format: { type: 'string' },
  project: { type: 'string' },
  timezone: { type: 'string', short: 'z' },
  color: { type: 'boolean' },
} as const satisfies NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

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

/** Adds `statusline` to `program`; `perform` is called with what is asked for. */
export function addStatuslineCommand(program: Command, perform: (request: StatuslineRequest) => Promise<void>): void {
  program
    .command('statusline')
    .summary('one line for a shell prompt or tmux')
    .description('One line for a shell prompt or tmux: today, the current run, its rate, what is left of rate limits.')
    .option('--format <text>', 'a line of your own, with placeholders')
    .option('--project <id>', 'only this project')
    .option('-z, --timezone <name>', "whose day it is: an IANA time zone (default: the system's)")
    .option('--color', 'colours even where the output is no terminal')
    .option('--no-color', 'no colours; so does NO_COLOR')
    .addHelpText('after', HELP)
    .action((options: StatuslineOptions) => perform(toStatuslineRequest(options)));
}

export function toStatuslineRequest({ format, project, timezone, color }: StatuslineOptions): StatuslineRequest {
  return {
    format,
    projectId: project,
    timeZone: timezone,
    color: color === undefined ? 'auto' : color ? 'always' : 'never',
  };
}
