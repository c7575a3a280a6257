import type { HistoryThread } from '../store/history.js';
import type { ModelResponse } from '../usage/record.js';

/** Reads the lines of one file of one provider, and keeps count of what they tell. */
export interface SessionReader {
  /** Undefined while the file has named none. */
  readonly threadId: string | undefined;
  /** How many responses wait to be drained. */
  readonly waiting: number;
  /** Whether a line of which a part has been read can be passed over; see `scanLines`. */
  skips(bytes: Buffer, start: number, end: number): boolean;
  /** Takes a line. Returns false when it could not be read. */
  take(bytes: Buffer, start: number, end: number): boolean;
  /** What has been found since the last call. */
  drain(): { readonly threads: readonly HistoryThread[]; readonly responses: readonly ModelResponse[] };
  /** What a reader must know to go on from here, as plain data. */
  save(): object;
}
