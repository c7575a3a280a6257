import { hash } from 'node:crypto';

/** What the first bytes of a file are known by. */
export interface Fingerprint {
  readonly bytes: number;
  readonly sha1: string;
}

export function describeHead(head: Uint8Array): Fingerprint {
  return { bytes: head.length, sha1: hash('sha1', head, 'base64') };
}
