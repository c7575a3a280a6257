import { readFigureName } from '../../../usage/figure-name.js';
import type { InvocationEntry } from '../answers.js';
import { formatFigure, formatUsd } from '../format.js';
import { Panel } from '../parts/panel.jsx';
import { adviceOn } from './advice.js';

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

export function Figures({ of }: { readonly of: Readonly<Record<string, number | string>> }) {
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
