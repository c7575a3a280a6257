import type { Host, HostSettings } from './host.js';

/**
 * A command of codex-usage as data. The parser of the command line, the help, the completion of shells and docs/commands.md are
 * made from it.
 */
export interface Command<Options extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  readonly argument?: ArgumentSpec;
  /** What the argument is about: `fleet status work`. */
  readonly secondArgument?: ArgumentSpec;
  /** One line in the list of all commands. */
  readonly summary: string;
  /** The sentence at the top of the command's help. */
  readonly description: string;
  readonly options: Options;
  /** Shown below the options: what the marks mean, and examples. */
  readonly help: string;
  /** Returns the exit code: 1 when there is nothing to show. Throws a UsageError when the options contradict each other. */
  run(call: Call<Options>): Promise<number> | number;
}

export interface ArgumentSpec {
  /** `[id]`, `<id>` where it must be given, or `[id...]` where there can be several. */
  readonly placeholder: string;
  readonly text?: string;
  readonly choices?: readonly string[];
  readonly initial?: string;
}

export interface OptionSpec {
  readonly text: string;
  /** One letter. */
  readonly short?: string;
  /** `<day>`: the placeholder of its value; `[url]`: of one that may be left out. An option without one is a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Throws an InvalidArgumentError of commander, which adds the option's name to the message. */
  readonly parse?: (text: string) => unknown;
  /** The value where the option is not given. */
  readonly initial?: string | number;
  /** It may be given several times, and its value is a list. */
  readonly many?: true;
}

/** Options by their names in camel case: `noImport` is `--no-import`. */
export type OptionSpecs = Readonly<Record<string, OptionSpec | undefined>>;

/** A switch is true when it was given, and so is an option that was given without its value. One that was not given is its initial value, or undefined. */
export type OptionValues<Specs> = {
  readonly [Name in keyof Specs]: ValueOf<NonNullable<Specs[Name]>>;
};

type ValueOf<Spec> = Spec extends { readonly value: string; readonly many: true }
  ? readonly ParsedOf<Spec>[] | undefined
  : Spec extends { readonly value: string }
    ?
        | ParsedOf<Spec>
        | (Spec extends { readonly initial: unknown } ? never : undefined)
        | (Spec extends { readonly value: `[${string}]` } ? true : never)
    : boolean;

type ParsedOf<Spec> = Spec extends { readonly parse: (text: string) => infer Value }
  ? Value
  : Spec extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** What a command is called with. */
export interface Call<Options> extends HostSettings {
  readonly host: Host;
  /** All commands, this one among them. */
  readonly commands: CommandList;
  readonly options: OptionValues<Options>;
  readonly argument: string | undefined;
  /** All arguments, in order: several where there can be several, or where there is a second one. */
  readonly argumentList: readonly string[];
  /**
   * Records what metered runs have left, and with `import` what past sessions have become. Every command that reads the
   * database calls it first. Throws a UsageError when the configuration is wrong.
   */
  prepare(history?: 'import' | 'as-it-is'): Promise<void>;
}

/** Commands by name. Each is loaded when it is called, and all of them for help. */
export type CommandList = Readonly<Record<string, () => Promise<Command>>>;

export function loadAll(commands: CommandList): Promise<Command[]> {
  return Promise.all(Object.values(commands).map((load) => load()));
}

/** Gives `run` the types of the options. */
export function defineCommand<const Options extends OptionSpecs>(command: Command<Options>): Command {
  return command as Command;
}

/** `--no-import` of the option `noImport`. */
export function nameOption(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The options that a command has, with their names. */
export function listOptions({ options }: Command): (OptionSpec & { readonly name: string })[] {
  return Object.entries(options).flatMap(([name, spec]) => (spec ? [{ name, ...spec }] : []));
}

/** The commands that are called most, in the order of the help. A bundle of them alone starts sooner. */
export const REPORT_NAMES = [
  ...(['run', 'session', 'daily', 'weekly', 'monthly', 'model', 'project', 'phase'] as const),
  ...(['branch', 'pr', 'tag', 'user', 'machine', 'team', 'blocks'] as const),
];

export type ReportName = (typeof REPORT_NAMES)[number];

export function isReportName(name: string | undefined): name is ReportName {
  return REPORT_NAMES.some((one) => one === name);
}
