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
  /** The first of them; undefined where there is none. */
  readonly firstUnreadable: UnreadablePlace | undefined;
  /** Responses whose tokens stand nowhere, at least so many. None when absent. */
  readonly untoldResponses?: number;
  /** What makes a count of the file doubtful, in words. Nothing when absent. */
  readonly doubts?: readonly string[];
  /** Takes the last line of a file, which has no newline and begins at `offset`. Returns false when it could not be read. */
  takeLast(line: Buffer, offset: number): boolean;
  /** What has been found since the last call. */
  drain(): Found;
  /** What a reader must know to go on from here, as plain data. Undefined: the file is read anew when it has changed. */
  save(): object | undefined;
}

/** A byte of a line that could not be read, and why, where that is known. */
export interface UnreadablePlace {
  readonly offset: number;
  readonly reason: string | undefined;
}

export type Found = Pick<FileImport, 'threads' | 'packs' | 'responses' | 'runs' | 'copies'>;
