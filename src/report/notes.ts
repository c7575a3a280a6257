import { readFigureName } from '../usage/figure-name.js';
import { cleanText, formatCost, formatCount, formatPlural } from './amounts.js';
import type { CostReport, InvocationReport } from './cost-report.js';
import { isActual, type Summary } from './figures.js';
import { describeCost } from './figures-text.js';
import { groupBy } from './groups.js';

/** `brief`: at most five lines, notes of the same kind and reason as one. `all`: every note. */
export type NotesExtent = 'brief' | 'all';

const BRIEF_NOTES = 5;

/** Explains the marks `~`, `+` and `unpriced` that a report has, a paragraph each. */
export function explainMarks({ totals, sources, unpriced }: Summary, cost = formatCost): string[] {
  const paragraphs: string[] = [];
  if (!isActual(totals)) {
    const shares = sources.map(({ source, figures }) => {
      return `${formatCount(figures.responses)} ${source} (${describeCost(figures, { cost })})`;
    });
    paragraphs.push(
      `~ not all of it was reported by the API: of ${formatPlural(totals.responses, 'response')} ${shares.join(', ')}.` +
        ' Parsed is inferred from text or from a total, estimated is counted by a tokenizer.',
    );
  }
  if (unpriced.length > 0) {
    const models = unpriced.map(({ model, unpricedResponses }) => {
      return `${cleanText(model)} (${formatPlural(unpricedResponses, 'response')})`;
    });
    paragraphs.push(
      `+ no price is known for ${models.join(', ')}, or for a fee of theirs: the costs leave that out, so more was spent.` +
        ' Give it one in codex-metered.toml, or update codex-metered, then run codex-usage reprice.',
    );
  }
  return paragraphs;
}

/** Lists the notes of `report`, a line each: kind, invocation, reason and figures. */
export function listNotes(report: CostReport, extent: NotesExtent): string[] {
  const notes = report.invocations.flatMap((of) => of.notes.map((note) => ({ of, ...note })));
  if (extent === 'all') return notes.map((note) => describeNote(note, note.of));
  const groups = [...groupBy(notes, ({ kind, reason }) => `${kind} ${reason}`).values()];
  return groups.slice(0, BRIEF_NOTES).flatMap(([first, ...others]) => {
    if (!first) return [];
    return (
      describeNote(first, first.of) + (others.length > 0 ? `, and ${formatCount(others.length)} more like it` : '')
    );
  });
}

type NoteReport = InvocationReport['notes'][number];

function describeNote({ kind, reason, figures }: NoteReport, { invocation }: InvocationReport): string {
  const details = Object.entries(figures).map(([name, value]) => describeFigure(name, value));
  const suffix = details.length > 0 ? ` (${details.join(', ')})` : '';
  return `${kind}, ${invocation.phase} ${invocation.iteration}: ${cleanText(reason)}${suffix}`;
}

/** Writes a figure of a note in words: `limit $0.0300`, `spent 1,200 tokens`, `counted input 7`. */
function describeFigure(name: string, value: unknown): string {
  const { subject, unit } = readFigureName(cleanText(name));
  if (typeof value !== 'number') return `${subject} ${cleanText(String(value))}`;
  if (unit === 'usd') return `${subject} ${formatCost(Math.round(value * 1e9))}`;
  return `${subject} ${formatCount(value)}${unit === 'tokens' ? ' tokens' : ''}`;
}
