import { Argument, Command as Commander, CommanderError, Option } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import type { Paths } from '../../config/paths.js';
import type { Settings } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import { cleanText } from '../../report/amounts.js';
import {
  type ArgumentSpec,
  type Call,
  type Command,
  type CommandList,
  listOptions,
  loadAll,
  nameOption,
  type OptionSpec,
} from './command.js';
import { type Host, nameTeamDatabase, readHostSettings } from './host.js';

export interface ProgramHooks {
  /** Runs before a command reads the database; not for `--help` and `--version`. */
  beforeCommand(paths: Paths, settings: Settings): Promise<void> | void;
  /** Brings the record up to date with past sessions; not with `--no-import`. Never rejects. */
  beforeReport(paths: Paths, settings: Settings): Promise<void> | void;
}

/**
 * Runs the command line of `host`, which names one of `commands`. Returns the exit code: 0, 1 when there is nothing to show,
 * 2 for wrong usage.
 */
export async function runProgram(host: Host, commands: CommandList, hooks: ProgramHooks): Promise<number> {
  const around = await readHostSettings(host);
  const prepare: Call<object>['prepare'] = async (history) => {
    if (around.fault) throw around.fault;
    await hooks.beforeCommand(around.paths, around.settings);
    if (history === 'import') await hooks.beforeReport(around.paths, around.settings);
  };
  const program = createProgram(host, around.paths);
  let exitCode = 0;
  for (const command of await loadNamed(host.args[0], commands)) {
    addCommand(program, command, async (options, argumentList) => {
      const [argument] = argumentList;
      const call = { ...around, host, commands, prepare, options, argument, argumentList };
      exitCode = await command.run('fleet' in options && options.fleet === true ? ofFleet(call) : call);
    });
  }
  try {
    await program.parseAsync(host.args.length === 0 ? ['--help'] : host.args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    // Of a configuration file there can be several lines, and names in them that somebody else has chosen.
    host.stderr.write(`error: ${error.message.split('\n').map(cleanText).join('\n')}\n`);
    return 2;
  }
}

/** The same call of what was pulled, into which nothing of this machine is taken. */
function ofFleet<Options>(call: Call<Options>): Call<Options> {
  const prepare: Call<object>['prepare'] = async () => {
    if (call.fault) throw call.fault;
  };
  return { ...call, prepare, paths: { ...call.paths, database: nameTeamDatabase(call.paths) } };
}

/** Loads the command `name` alone, or all of them where there is none of that name: for help and for what is misspelt. */
async function loadNamed(name: string | undefined, commands: CommandList): Promise<Command[]> {
  const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  return load ? [await load()] : await loadAll(commands);
}

type Values = Readonly<Record<string, unknown>>;

function addCommand(
  program: Commander,
  described: Command,
  run: (options: Call<Command['options']>['options'], argumentList: string[]) => Promise<void>,
): void {
  const { name, argument, secondArgument, summary, description, help } = described;
  const command = program.command(name).summary(summary).description(description).addHelpText('after', help);
  const choices = argument?.choices ? ` ${argument.placeholder} is one of ${argument.choices.join(', ')}.` : '';
  command.showHelpAfterError(`(codex-usage ${name} --help explains it and its options.${choices})`);
  if (argument) command.addArgument(toArgument(argument));
  if (secondArgument) command.addArgument(toArgument(secondArgument));
  for (const option of listOptions(described)) command.addOption(toOption(option));
  command.action(() => run(readOptions(described, command.opts()) as never, readArguments(command)));
}

function toOption(spec: OptionSpec & { readonly name: string }): Option {
  const { name, text, short, value, choices, parse, initial, many } = spec;
  const flags = [short === undefined ? '' : `-${short}, `, nameOption(name), value === undefined ? '' : ` ${value}`];
  const option = new Option(flags.join(''), text).default(initial);
  if (choices) option.choices(choices);
  if (many) return option.argParser((text, before: unknown[] = []) => [...before, parse ? parse(text) : text]);
  return parse ? option.argParser(parse) : option;
}

function toArgument({ placeholder, text, choices, initial }: ArgumentSpec): Argument {
  const argument = new Argument(placeholder, text).default(initial);
  return choices ? argument.choices(choices) : argument;
}

function readArguments({ processedArgs }: Commander): string[] {
  return processedArgs.flat().filter((argument) => argument !== undefined);
}

/** For commander `--no-color` is a `color` that is false; for us it is a switch `noColor` that was given. */
function readOptions(command: Command, given: Values): Values {
  const values = listOptions(command).map(({ name, value }) => {
    if (value !== undefined) return [name, given[name]];
    const [, letter, rest] = /^no([A-Z])(.*)/.exec(name) ?? [];
    return [name, letter === undefined ? given[name] === true : given[letter.toLowerCase() + rest] === false];
  });
  return Object.fromEntries(values);
}

function createProgram(host: Host, { database }: Paths): Commander {
  return new Commander('codex-usage')
    .description('Shows what Codex cost, as codex-metered recorded it.')
    .version(manifest.version, '-v, --version')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', describeSurroundings(database))
    .showHelpAfterError('(codex-usage --help lists the commands and options.)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text.replace(/[^\n]+/g, cleanLine)),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
    });
}

/** Commander repeats what was typed. Its help is indented. */
function cleanLine(line: string): string {
  return `${/^ */.exec(line)?.[0] ?? ''}${cleanText(line)}`;
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
