import type { Invocation, InvocationUpdate, Note, PricedResponse, RateLimit } from './record.js';

/** A change to what is recorded of one invocation. Applied whole or not at all. */
export interface Change {
  /** The whole of it where it may be new, its id alone where it is known to be recorded. */
  readonly invocation: Invocation | Pick<Invocation, 'id'>;
  readonly update?: InvocationUpdate | undefined;
  readonly responses?: readonly PricedResponse[];
  readonly notes?: readonly Note[];
  readonly rateLimits?: readonly RateLimit[];
}

/** Of the form in which a change is kept in a file: `{"version": …, "change": …}`. */
export const CHANGE_VERSION = 1;
