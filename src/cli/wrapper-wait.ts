import { UsageError } from '../errors.js';
import type { WrapperOptions } from './wrapper-options.js';

/** No run is made longer than this by its record: one part in twenty-five, and 300 ms at most. */
const SHARE = 1 / 25;
const USUAL_MS = 300;
/** The meter of a shorter run has hardly begun at Codex's end: waiting for a part of it would be in vain. */
const HARDLY_BEGUN_MS = 500;
/** Where the caller reads a report or events, or Codex's end may have been a budget's. */
const ANSWER_MS = 5000;
/** The first process of a container takes all others with it. */
const CONTAINER_MS = 5000;

/** What of the meter's work is part of what the caller gets: nothing, a line for a person, or an answer for a program. */
export type Awaits = 'nothing' | 'line' | 'answer';

/**
 * How long the end of a run may wait for its record to be complete, by how long Codex ran. Whoever reads the record later
 * waits for what is still missing, so the usual run is made longer by a twenty-fifth at most. `--meter-wait` and its
 * variable say something else. Throws a UsageError.
 */
export function planWait(options: WrapperOptions): (ranMs: number, awaits: Awaits) => number {
  const given = options.get('wait');
  if (given && !/^\d{1,9}$/.test(given.value)) {
    throw new UsageError(`${given.place}: "${given.value}" is not a time: use milliseconds, such as 2000.`);
  }
  return (ranMs, awaits) => {
    if (given) return Number(given.value);
    if (awaits === 'answer') return ANSWER_MS;
    if (process.pid === 1) return CONTAINER_MS;
    if (awaits === 'line') return Math.min(ranMs, USUAL_MS);
    return ranMs < HARDLY_BEGUN_MS ? 0 : Math.min(ranMs * SHARE, USUAL_MS);
  };
}
