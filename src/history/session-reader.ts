import type { LineTaker } from '../io/scan.js';
import type { FileImport } from '../store/history.js';

/** Reads the lines of one file of one provider, and keeps count of what they tell. */
export interface SessionReader extends LineTaker {
  /** Undefined while the file has named none. */
  readonly threadId: string | undefined;
  /** How many responses wait to be drained. */
  readonly waiting: number;
  /** Lines that could not be read. */
  readonly unreadableLines: number;
  /** Takes the last line of a file, which has no newline. Returns false when it could not be read. */
  takeLast(line: Buffer): boolean;
  /** What has been found since the last call. */
  drain(): Found;
  /** What a reader must know to go on from here, as plain data. */
  save(): object;
}

export type Found = Pick<FileImport, 'threads' | 'packs' | 'responses'>;
