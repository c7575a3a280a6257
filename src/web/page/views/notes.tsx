import { readFigureName } from '../../../usage/figure-name.js';
import type { InvocationEntry, Note } from '../answers.js';
import { formatFigure, formatUsd } from '../format.js';
import { Panel } from '../parts/layout.jsx';

/** What a reader must know of the figures above. */
export function Notes({ invocations }: { readonly invocations: readonly InvocationEntry[] }) {
  const notes = invocations.flatMap((one) => one.notes.map((note) => ({ one, note })));
  if (notes.length === 0) return null;
  return (
    <Panel title="Notes" hint="How counts that the API did not report came about, and what could not be read.">
      <ul class="notes">
        {notes.map(({ one, note }, index) => (
          <li key={index}>
            <span class={`badge note-${note.kind}`}>{note.kind}</span> {one.phase} {one.iteration}: {note.reason}
            <Figures of={note.figures} />
            <p class="hint">{adviceOn(note.kind)}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Figures({ of }: { readonly of: Note['figures'] }) {
  const entries = Object.entries(of);
  if (entries.length === 0) return null;
  return <span class="faint"> ({entries.map(([name, value]) => describeFigure(name, value)).join(', ')})</span>;
}

/** `limit $0.10`, `spent 1,200 tokens`, `counted input 7` */
function describeFigure(name: string, value: number | string): string {
  const { subject, unit } = readFigureName(name);
  if (typeof value !== 'number') return `${subject} ${value}`;
  const amount = unit === 'usd' ? formatUsd(value) : formatFigure(value);
  return `${subject} ${amount}${unit === 'tokens' ? ' tokens' : ''}`;
}

const ADVICE: Readonly<Record<Note['kind'], string>> = {
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
export function adviceOn(kind: Note['kind']): string {
  return ADVICE[kind] ?? '';
}
