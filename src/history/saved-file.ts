import { hash } from 'node:crypto';
import type { UnreadableLine } from './file-problems.js';

/** What is recorded with a file so that an import can read on from where the last one ended. */
export interface SavedFile {
  readonly version: number;
  /** The fingerprint of the file's first bytes. A file that has replaced it has another one, and is read anew. */
  readonly head: Fingerprint;
  readonly reader: object;
  /** The first line that could not be read. */
  readonly unreadable?: UnreadableLine | undefined;
  /** The reasons to doubt a count of the file, in words. */
  readonly doubts?: readonly string[];
}

/** Identifies the first bytes of a file. */
export interface Fingerprint {
  readonly bytes: number;
  readonly sha1: string;
}

export function fingerprintHead(head: Uint8Array): Fingerprint {
  return { bytes: head.length, sha1: hash('sha1', head, 'base64') };
}

/** It is incremented when the state that readers save changes. */
export const SAVED_VERSION = 2;

/** Returns undefined for what another version of the program saved: the file is read anew then, and no response counts twice. */
export function parseSavedFile(state: string): SavedFile | undefined {
  const saved = JSON.parse(state) as SavedFile;
  return saved.version === SAVED_VERSION ? saved : undefined;
}
