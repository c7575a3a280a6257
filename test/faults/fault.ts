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
  /** Brings the fault about on a workbench of its own; rejects where a promise does not hold. */
  hold(bench: Workbench): Promise<void>;
}

export const SAME = 'same bytes, same exit code';
