import type { InvocationEntry } from '../answers.js';
import { formatFigure } from '../format.js';
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
  return (
    <span class="faint">
      {' '}
      ({entries.map(([name, value]) => `${name} ${typeof value === 'number' ? formatFigure(value) : value}`).join(', ')}
      )
    </span>
  );
}
