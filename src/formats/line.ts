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

export function unrecognised(reason: string): Unrecognised {
  return { kind: 'unrecognised', reason };
}

/** The JSON object that `line` holds, or why it holds none. */
export function parseObject(line: string): Record<string, unknown> | Unrecognised {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return unrecognised('not a JSON object');
  } catch {
    return unrecognised('not JSON');
  }
}

/** Tells a parse result from a refusal. */
export function isUnrecognised(value: object): value is Unrecognised {
  return (value as { kind?: unknown }).kind === 'unrecognised';
}
