/** When a program of the user's is run by the meter. docs/budgets.md says what each is given. */
export const HOOKS = ['near', 'reached', 'run_end', 'unpriced'] as const;
export type HookName = (typeof HOOKS)[number];

/** A program with its arguments, or a command line for `sh -c`. */
export type HookCommand = string | readonly string[];

/** A hook that is set. */
export interface Hook {
  readonly name: HookName;
  readonly command: HookCommand;
}

export type HookCommands = Readonly<Partial<Record<HookName, HookCommand | undefined>>>;
