import { changeQuery } from '../../address.js';
import { Pick as Picker } from '../../parts/choice.jsx';
import type { Period } from '../../periods.js';

/** Which days: as the command's --last, --since and --until. None of them: all. */
export interface Span {
  readonly last: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

const LENGTHS: Readonly<
  Record<Period, { readonly unit: string; readonly lasts: readonly string[]; readonly usual: string }>
> = {
  daily: { unit: 'days', lasts: ['7', '30', '90', '365'], usual: '30' },
  weekly: { unit: 'weeks', lasts: ['4', '12', '26', '52'], usual: '26' },
  monthly: { unit: 'months', lasts: ['3', '6', '12', '24'], usual: '12' },
};

export function readSpan(query: URLSearchParams, period: Period): Span {
  const [since, until] = [readDay(query.get('since')), readDay(query.get('until'))];
  if (since !== undefined || until !== undefined) return { last: undefined, since, until };
  const last = query.get('last') ?? LENGTHS[period].usual;
  return { last: last === 'all' ? undefined : last, since: undefined, until: undefined };
}

export function SpanPicker({ span, period }: { readonly span: Span; readonly period: Period }) {
  const { unit, lasts, usual } = LENGTHS[period];
  const dated = span.since !== undefined || span.until !== undefined;
  const value = dated ? 'dates' : (span.last ?? 'all');
  const known = lasts.includes(value) || dated || value === 'all' ? lasts : [...lasts, value];
  const pick = (chosen: string) => {
    if (chosen === 'dates') return changeQuery({ last: undefined, since: `${new Date().getFullYear()}-01-01` });
    changeQuery({ since: undefined, until: undefined, last: chosen === usual ? undefined : chosen });
  };
  return (
    <>
      <Picker
        label="Days"
        value={value}
        options={[
          ...known.map((one) => ({ value: one, text: `Last ${one} ${unit}` })),
          { value: 'all', text: 'All time' },
          { value: 'dates', text: 'From … to …' },
        ]}
        onPick={pick}
      />
      {dated && <DateInputs since={span.since} until={span.until} />}
    </>
  );
}

/** The first and the last day, which stand in the address as `since` and `until`. */
export function DateInputs({ since, until }: Pick<Span, 'since' | 'until'>) {
  return (
    <span class="dates">
      <DayInput label="From" name="since" value={since} />
      <DayInput label="to" name="until" value={until} />
    </span>
  );
}

function DayInput({
  label,
  name,
  value,
}: {
  readonly label: string;
  readonly name: string;
  readonly value: string | undefined;
}) {
  return (
    <label>
      {label}{' '}
      <input
        type="date"
        value={value ?? ''}
        onChange={(event) => changeQuery({ [name]: event.currentTarget.value || undefined })}
      />
    </label>
  );
}

function readDay(text: string | null): string | undefined {
  return text || undefined;
}
