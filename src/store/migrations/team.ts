/**
 * Version 14: a database can hold what a pull brought from a fleet. `surroundings` of a thread says whose usage without an
 * invocation is, as that of an invocation does; `pulls` says what was pulled, in its only row.
 */
export const ADD_TEAM = `
ALTER TABLE threads ADD COLUMN surroundings TEXT;
CREATE TABLE pulls (
  target TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  cursor INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  pulled_at_ms INTEGER NOT NULL,
  refused TEXT NOT NULL,
  pruned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/**
 * Version 15: a target can be sent sums of invocations in place of single responses. `summed` says how many responses of a fleet have
 * come as sums. The triggers that are made anew put an invocation that has lost a response into the outbox.
 */
export const ADD_SUMMED = 'ALTER TABLE pulls ADD COLUMN summed INTEGER NOT NULL DEFAULT 0;';
