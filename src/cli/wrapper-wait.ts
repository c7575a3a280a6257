import { UsageError } from '../errors.js';
import type { WrapperOptions } from './wrapper-options.js';

/** At most this: nobody but a reader who is told so waits for a record. */
const USUAL_MS = 300;
/** Where the caller reads a report or events, or Codex's end may have been a budget's. */
const ANSWER_MS = 5000;
/** The first process of a container takes all others with it. */
const CONTAINER_MS = 5000;

/** Whether what the meter finds at the end is part of what the caller gets. */
export type Awaits = 'nothing' | 'answer';

/**
 * How long the end of a run may wait for its record to be complete, by how long Codex ran: as long, and 300 ms at most, so
 * that a run is never made twice as long. `--meter-wait` and its variable say something else. Throws a UsageError.
 */
export function planWait(options: WrapperOptions): (ranMs: number, awaits: Awaits) => number {
  const given = options.get('wait');
  if (given && !/^\d{1,9}$/.test(given.value)) {
    throw new UsageError(`${given.place}: "${given.value}" is not a time: use milliseconds, such as 2000.`);
  }
  return (ranMs, awaits) => {
    if (given) return Number(given.value);
    if (awaits === 'answer') return ANSWER_MS;
    return process.pid === 1 ? CONTAINER_MS : Math.min(ranMs, USUAL_MS);
  };
}
