import { Argument, Command, CommanderError, Option } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import type { Paths } from '../../config/paths.js';
import type { CommandDescription, OptionDescription } from './description.js';
import type { Host } from './host.js';

/**
 * Reads the command line of `host` with all explanations: help, and what is wrong with it. Returns the exit code where
 * it explained something, or else performs what is asked for.
 */
export async function readExplainedLine(
  host: Host,
  paths: Paths,
  commands: readonly CommandDescription[],
): Promise<number | undefined> {
  const program = createProgram(host, paths);
  for (const command of commands) addCommand(program, command);
  try {
    await program.parseAsync(host.args.length === 0 ? ['--help'] : host.args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function addCommand(program: Command, { perform, ...described }: CommandDescription): void {
  const { name, argument, summary, description, options, help } = described;
  const command = program.command(name).summary(summary).description(description).addHelpText('after', help);
  if (argument) command.addArgument(toArgument(argument));
  for (const option of options) command.addOption(toOption(option));
  command.action(() => perform(command.opts(), command.processedArgs[0]));
}

function toOption({ flags, text, choices, parse, initial }: OptionDescription): Option {
  const option = new Option(flags, text).default(initial);
  if (choices) option.choices(choices);
  return parse ? option.argParser(parse) : option;
}

function toArgument({ flags, text, choices, initial }: OptionDescription): Argument {
  const argument = new Argument(flags, text).default(initial);
  return choices ? argument.choices(choices) : argument;
}

function createProgram(host: Host, { database }: Paths): Command {
  return new Command('codex-usage')
    .description('Shows what Codex cost, as codex-metered recorded it.')
    .version(manifest.version, '-v, --version')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', describeSurroundings(database))
    .showHelpAfterError('(codex-usage --help lists the commands and options.)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
    });
}

function describeSurroundings(database: string): string {
  return `
Examples:
  codex-usage run                  what the newest run cost
  codex-usage run nightly-7        what that run cost
  codex-usage run --list           the newest runs
  codex-usage session --json       the newest Codex thread, as JSON
  codex-usage import               take in all past sessions
  codex-usage daily --last 7       what each of the last seven days cost
  codex-usage watch                what runs now, as it happens
  codex-usage statusline           one line for a prompt or tmux
  codex-usage monthly --json       what each month cost, as JSON
  codex-usage doctor               whether all is well
  codex-usage config               the settings that hold here
  codex-usage serve --open         all of it in a browser
  codex-usage completion bash      what has bash complete all of this; also zsh, fish

The database is ${database}
(CODEX_METERED_DB or a codex-metered.toml sets another). "codex-usage help run" tells all about a command.
Exit code: 0 done, 1 nothing to show or no readable database, 2 wrong usage.
More: ${manifest.homepage}
`;
}
