import { isObject, type JsonObject } from './json.js';

/** Input that could not be read as what it should be. It is counted and reported, never skipped in silence. */
export interface Unrecognised {
  readonly kind: 'unrecognised';
  /** What is wrong with it: a fixed text and names of types, never the content. */
  readonly reason: string;
}

/** Input that is as it should be and says nothing about usage. */
export interface Irrelevant {
  readonly kind: 'irrelevant';
}

export const IRRELEVANT: Irrelevant = { kind: 'irrelevant' };

/** A class, so that an object that somebody wrote into a file is not mistaken for one. */
class Refusal implements Unrecognised {
  readonly kind = 'unrecognised';
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export function unrecognised(reason: string): Unrecognised {
  return new Refusal(reason);
}

/** Returns the JSON object that a line holds, or why it holds none. Spaces and a byte order mark may stand around it. */
export function parseObject(line: string): JsonObject | Unrecognised {
  try {
    const value: unknown = JSON.parse(line.trim());
    return isObject(value) ? value : unrecognised('not a JSON object');
  } catch {
    return unrecognised('not JSON');
  }
}

/** Tells a parse result from a refusal. */
export function isUnrecognised(value: object): value is Unrecognised {
  return value instanceof Refusal;
}
