/**
 * Why a database cannot be used. `newer`: made by a later codex-metered than this one. `refused`: nothing is wrong with it, it
 * does not take what it was given.
 */
export type StoreProblem =
  | 'locked'
  | 'unwritable'
  | 'missing'
  | 'full'
  | 'corrupt'
  | 'newer'
  | 'refused'
  | 'driver'
  | 'other';

/** The database could not be opened, read or written. `message` says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(
    readonly problem: StoreProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The command line or the environment asks for something that cannot be. Its exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** There is no Codex to run. Its exit code is 127, as a shell's for a command not found. */
export class CodexNotFoundError extends Error {
  override readonly name = 'CodexNotFoundError';
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
