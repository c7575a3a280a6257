import type { UncountedResponse } from './open-response.js';

/** What tells a response that was cut after it had called a tool from one whose provider reported no usage. */
export interface Signs {
  /** Responses of the file that are counted: its provider reports usage. */
  readonly counted: number;
  /** Responses that certainly completed and are not: it does so sometimes only, or never. */
  readonly leftOut: number;
  /** How often Codex said that it asks again, less the responses known to have been cut. Undefined: nobody listened. */
  readonly retries: number | undefined;
}

/**
 * The responses that completed. Those that only likely did are taken to have been cut when their provider is known to
 * report usage: no more of them than Codex asked for again, or where nobody listened, when they are not the greater part.
 */
export function settleDoubt(found: readonly UncountedResponse[], signs: Signs): UncountedResponse[] {
  const doubtful = found.filter(({ completed }) => completed === 'likely').length;
  if (signs.counted === 0 || signs.leftOut > 0) return [...found];
  let cuts = signs.retries ?? (doubtful > signs.counted ? 0 : doubtful);
  return found.filter(({ completed }) => completed === 'certainly' || cuts-- <= 0);
}
