import { hash } from 'node:crypto';
import type { UnreadableLine } from './file-problems.js';

/** What is recorded with a file so that an import can read on from where the last one ended. */
export interface SavedFile {
  readonly version: number;
  /** Of the file's first bytes: a file that has replaced it is read anew. */
  readonly head: Fingerprint;
  readonly reader: object;
  /** The first line that could not be read. */
  readonly unreadable?: UnreadableLine | undefined;
  /** What made a count of the file doubtful, in words. */
  readonly doubts?: readonly string[];
}

/** By which the first bytes of a file are recognised. */
export interface Fingerprint {
  readonly bytes: number;
  readonly sha1: string;
}

export function fingerprintHead(head: Uint8Array): Fingerprint {
  return { bytes: head.length, sha1: hash('sha1', head, 'base64') };
}

/** Incremented when what readers save changes. */
export const SAVED_VERSION = 2;

/** Returns undefined for what another version of the program saved: the file is read anew then, and no response counts twice. */
export function parseSavedFile(state: string): SavedFile | undefined {
  const saved = JSON.parse(state) as SavedFile;
  return saved.version === SAVED_VERSION ? saved : undefined;
}
