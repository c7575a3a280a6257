import { changeQuery } from '../../address.js';
import { Pick as Picker } from '../../parts/layout.jsx';
import { PERIODS, type Period } from '../../periods.js';

/** Which days: as the command's --last, --since and --until. None of them: all. */
export interface Span {
  readonly last: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

export function readSpan(query: URLSearchParams, period: Period): Span {
  const [since, until] = [query.get('since') || undefined, query.get('until') || undefined];
  const last = query.get('last') ?? PERIODS[period].usualLast;
  return { last: since || until || last === 'all' ? undefined : last, since, until };
}

export function SpanPicker({ span, period }: { readonly span: Span; readonly period: Period }) {
  const { unit, lasts, usualLast } = PERIODS[period];
  const { since, until, last = 'all' } = span;
  const value = since || until ? 'dates' : last;
  const pick = (chosen: string) => {
    if (chosen === 'dates') return changeQuery({ last: undefined, since: `${new Date().getFullYear()}-01-01` });
    changeQuery({ since: undefined, until: undefined, last: chosen === usualLast ? undefined : chosen });
  };
  return (
    <DaysPicker
      value={value}
      options={[
        ...[...new Set([...lasts, last])]
          .filter((one) => one !== 'all')
          .map((one) => ({ value: one, text: `Last ${one} ${unit}` })),
        { value: 'all', text: 'All time' },
      ]}
      onChoose={pick}
      since={since}
      until={until}
    />
  );
}

interface DaysPickerProps extends Partial<Span> {
  /** One of the options, or `dates`. */
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChoose: (value: string) => void;
}

/** A choice of days; for `dates` the first and the last of them, which are `since` and `until` in the address. */
export function DaysPicker({ value, options, onChoose, since, until }: DaysPickerProps) {
  const dates = { value: 'dates', text: 'From … to …' };
  return (
    <>
      <Picker label="Days" value={value} options={[...options, dates]} onChoose={onChoose} />
      {value === 'dates' && (
        <span class="dates">
          <DayInput label="From" name="since" value={since} />
          <DayInput label="to" name="until" value={until} />
        </span>
      )}
    </>
  );
}

interface DayInputProps {
  readonly label: string;
  readonly name: string;
  readonly value: string | undefined;
}

function DayInput({ label, name, value = '' }: DayInputProps) {
  return (
    <label>
      {label}{' '}
      <input
        type="date"
        value={value}
        onChange={(event) => changeQuery({ [name]: event.currentTarget.value || undefined })}
      />
    </label>
  );
}
