import { parseArgs } from 'node:util';
import type { CommandDescription, OptionDescription } from './description.js';

/** What a command line asks for, ready to be performed. */
export interface QuickLine {
  perform(): Promise<void> | void;
}

/**
 * What `args` ask for, as one of `commands`. Undefined where there is something to explain: help, or what is wrong. That
 * is left to commander, which takes half as long to load as a report does to make.
 */
export function readQuickLine(
  [name, ...args]: readonly string[],
  commands: readonly CommandDescription[],
): QuickLine | undefined {
  const command = commands.find((one) => one.name === name);
  if (!command) return undefined;
  try {
    const { options, argument } = readValues(command, args);
    return { perform: () => command.perform(options, argument) };
  } catch {
    return undefined;
  }
}

interface Flags {
  readonly option: OptionDescription;
  /** `no-color` of `--no-color`. */
  readonly long: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
  readonly isNegative: boolean;
  /** `color` of `--no-color`, `startOfWeek` of `--start-of-week`. */
  readonly key: string;
}

interface Values {
  readonly options: Record<string, unknown>;
  readonly argument: string | undefined;
}

/** Throws where `args` are not all right. */
function readValues(command: CommandDescription, args: readonly string[]): Values {
  const known = new Map(command.options.map(readFlags).map((flags) => [flags.long, flags]));
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([...known].map(([long, flags]) => [long, toParseOption(flags)])),
    allowPositionals: command.argument !== undefined,
    tokens: true,
  });
  const options: Record<string, unknown> = {};
  for (const { key, isNegative, option } of known.values()) {
    const initial = isNegative && !known.has(key) ? true : option.initial;
    if (initial !== undefined) options[key] = initial;
  }
  const given: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') given.push(token.value);
    const flags = token.kind === 'option' ? known.get(token.name) : undefined;
    if (!flags || token.kind !== 'option') continue;
    options[flags.key] = token.value === undefined ? !flags.isNegative : readValue(flags.option, token.value);
  }
  if (given.length > 1) throw new TypeError('There is one argument at most.');
  const [argument = command.argument?.initial] = given;
  if (given.length > 0 && command.argument) readValue(command.argument, String(argument));
  return { options, argument: argument?.toString() };
}

/** What stands in an option's `flags`. */
export function readFlags(option: OptionDescription): Flags {
  const [, short, long = '', value] = /^(?:-(\w), )?--([\w-]+)( <.+>)?$/.exec(option.flags) ?? [];
  const isNegative = long.startsWith('no-');
  const words = (isNegative ? long.slice('no-'.length) : long).split('-');
  const key = words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
  return { option, long, short, takesValue: value !== undefined, isNegative, key };
}

function toParseOption({ takesValue, short }: Flags): { type: 'string' | 'boolean'; short?: string } {
  return { type: takesValue ? 'string' : 'boolean', ...(short === undefined ? {} : { short }) };
}

function readValue({ choices, parse }: OptionDescription, text: string): unknown {
  if (choices && !choices.includes(text)) throw new TypeError(`${text} is none of the choices.`);
  return parse ? parse(text) : text;
}
