import type { Workbench } from '../harness/workbench.js';

/** Something that goes wrong around Codex and us, and what is promised then: a row of docs/reliability.md. */
export interface Fault {
  readonly name: string;
  /** What the test does. */
  readonly done: string;
  /** What Codex and its caller see of it, where it is more than nothing. */
  readonly codex: string;
  /** How every token comes to be recorded. */
  readonly record: string;
  /** Why the fault cannot be brought about on this machine, where it cannot. */
  readonly missing?: string | undefined;
  /**
   * Brings the fault about on a workbench of its own; rejects where a promise does not hold. Resolves with what was added,
   * where that is measured.
   */
  hold(bench: Workbench): Promise<unknown>;
}

/** What codex-metered added to the time of a Codex that writes all the while, at the worst. */
export interface Added {
  /** To a line's way to its reader. */
  readonly lineMs: number;
  /** To the end of the run. */
  readonly endMs: number;
}

export function isAdded(value: unknown): value is Added {
  return typeof value === 'object' && value !== null && 'lineMs' in value;
}

/** How many cuts of a connection were tried, and how many there can be. */
export interface Swept {
  readonly cuts: number;
  readonly bytes: number;
}

export function isSwept(value: unknown): value is Swept {
  return typeof value === 'object' && value !== null && 'cuts' in value;
}

export const SAME = 'same bytes, same exit code';
