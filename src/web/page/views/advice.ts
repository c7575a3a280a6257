import type { NoteKind } from '../answers.js';

const ADVICE: Readonly<Record<NoteKind, string>> = {
  fallback:
    'Codex left no usage for this, so the next best evidence was taken. A newer Codex writes a usage record for every response; a run without --ephemeral keeps its session file.',
  disagreement:
    'Two reports of this usage by Codex differ. The better evidence is counted; the other one is known to be wrong in some ways of running Codex.',
  unreadable:
    'Some lines could not be read: their usage may be missing. Update codex-metered when Codex is newer; otherwise the file was cut off.',
  unpriced:
    'The tokens are recorded, the cost is not known. A newer codex-metered may know the price, or give it your own in the configuration.',
  uncounted: 'Codex used something that none of its files report. It is not in the record; only the bill has it.',
  budget:
    'A limit that was set was reached. What was used up to then is recorded; another limit is given with --meter-budget-usd or in codex-metered.toml.',
  fault: 'A part of the metering failed; Codex was not disturbed. The log in the state folder says more.',
};

/** What can be done about a note of `kind`. */
export function adviceOn(kind: NoteKind): string {
  return ADVICE[kind] ?? '';
}
