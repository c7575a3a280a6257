/** What a command is asked by. quick-line.ts reads it; explained-line.ts explains it, too. */
export interface CommandDescription {
  readonly name: string;
  readonly argument?: OptionDescription;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly OptionDescription[];
  /** Shown below the options. */
  readonly help: string;
  /** `options` are named as commander names them, `argument` is given where there may be one. */
  perform(options: object, argument: string | undefined): Promise<void> | void;
}

export interface OptionDescription {
  /** `-s, --since <day>`; of an argument `[id]`. */
  readonly flags: string;
  readonly text?: string;
  readonly choices?: readonly string[];
  /** Throws an InvalidValue. */
  readonly parse?: (text: string) => unknown;
  readonly initial?: string | number;
}

/** What is given for an option cannot be its value. Commander knows the error by its code, and says whose value it is. */
export class InvalidValue extends Error {
  readonly code = 'commander.invalidArgument';
}
