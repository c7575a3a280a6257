import type { UnreadableLine } from './file-problems.js';
import type { Fingerprint } from './fingerprint.js';

/** What is kept with a file so that it can be read on from where it ended. */
export interface SavedFile {
  readonly version: number;
  /** Of its first bytes: another file in its place is read anew. */
  readonly head: Fingerprint;
  readonly reader: object;
  /** The first line that could not be read. */
  readonly unreadable?: UnreadableLine | undefined;
  /** What made a count of the file doubtful, in words. */
  readonly doubts?: readonly string[];
}

/** The version of what readers keep. */
export const SAVED_VERSION = 2;

/** Undefined for what another version of the program kept: the file is read anew then, and no response counts twice. */
export function parseSavedFile(state: string): SavedFile | undefined {
  const saved = JSON.parse(state) as SavedFile;
  return saved.version === SAVED_VERSION ? saved : undefined;
}
