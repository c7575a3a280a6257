import { addressBehind, addressOf, changeQuery, clearFilter, type Filter, isFiltered } from '../address.js';
import type { Provider, Status } from '../answers.js';
import { useAnswer } from '../ask.js';
import { PROVIDER_OPTIONS } from '../names.js';
import { Choice, Link, Pick } from '../parts/layout.jsx';
import { DaysPicker } from './usage/span.jsx';

const LENGTHS = ['7', '30', '90'];
/** While somebody types the address waits for so long. */
const TYPING_MS = 250;

interface FilterBarProps {
  readonly view: '/runs' | '/sessions';
  readonly filter: Filter;
}

/** Days, project, model, branch, tag and text, which runs and sessions are filtered by, and the way from the ones to the others. */
export function FilterBar({ view, filter }: FilterBarProps) {
  const { project, phase, model, branch, tag, since, until } = filter;
  const status = useAnswer<Status>('/api/status').answer;
  return (
    <>
      <Days since={since} until={until} />
      <NamePick label="Project" all="All projects" name="project" value={project} known={status?.projectIds} />
      <NamePick label="Model" all="All models" name="model" value={model} known={status?.modelNames} />
      {(branch || status?.branchNames.length) && (
        <NamePick label="Branch" all="All branches" name="branch" value={branch} known={status?.branchNames} />
      )}
      {(tag || status?.tags.length) && (
        <NamePick label="Tag" all="All tags" name="tag" value={tag} known={status?.tags} />
      )}
      <TextInput text={filter.text} />
      {phase !== undefined && <span class="hint">phase {phase}</span>}
      {isFiltered(filter) && (
        <>
          <button type="button" class="quiet" onClick={clearFilter}>
            Clear filters
          </button>
          <span class="hint">
            <Link href={addressBehind(view === '/runs' ? '/sessions' : '/runs', { ...filter, phase: undefined })}>
              {view === '/runs' ? 'Sessions of the same' : 'Runs of the same'}
            </Link>
          </span>
        </>
      )}
    </>
  );
}

interface NamePickProps {
  readonly label: string;
  readonly all: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly known: readonly string[] | undefined;
}

/** One of the names that are recorded, or all. */
export function NamePick({ label, all, name, value, known = [] }: NamePickProps) {
  const names = [...new Set([...(value ? [value] : []), ...known])];
  return (
    <Pick
      label={label}
      value={value ?? ''}
      options={[{ value: '', text: all }, ...names.map((one) => ({ value: one, text: one }))]}
      onChoose={(one) => changeQuery({ [name]: one || undefined })}
    />
  );
}

/** One of the providers, or all. */
export function ProviderPick({ provider }: { readonly provider: Provider | undefined }) {
  return (
    <Choice<Provider | 'all'>
      label="Provider"
      options={PROVIDER_OPTIONS}
      value={provider ?? 'all'}
      onChoose={(value) => changeQuery({ provider: value === 'all' ? undefined : value })}
    />
  );
}

function Days({ since, until }: Pick<Filter, 'since' | 'until'>) {
  const known = LENGTHS.find((days) => until === undefined && since === daysAgo(Number(days) - 1));
  const value = since === undefined && until === undefined ? 'all' : (known ?? 'dates');
  const pick = (chosen: string) => {
    const days = chosen === 'dates' ? 30 : Number(chosen);
    changeQuery({
      since: chosen === 'all' ? undefined : daysAgo(days - 1),
      until: chosen === 'dates' ? daysAgo(0) : undefined,
    });
  };
  const options = [
    { value: 'all', text: 'All time' },
    ...LENGTHS.map((days) => ({ value: days, text: `Last ${days} days` })),
  ];
  return <DaysPicker value={value} options={options} onChoose={pick} since={since} until={until} />;
}

function TextInput({ text }: { readonly text: string | undefined }) {
  const change = (event: Event & { readonly currentTarget: HTMLInputElement }) => {
    const { value } = event.currentTarget;
    clearTimeout(typing);
    typing = setTimeout(() => changeQuery({ text: value.trim() || undefined }, 'replace'), TYPING_MS);
  };
  return (
    <label class="pick">
      <span class="hidden">Name</span>
      <input type="search" placeholder="Part of a name" value={text ?? ''} onInput={change} />
    </label>
  );
}

let typing: ReturnType<typeof setTimeout> | undefined;

/** A day in the reader's calendar, `2026-11-24`. */
function daysAgo(days: number): string {
  const date = new Date();
  date.setDate(date.getDate() - days);
  const pad = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** Where a list is empty because of its filters. */
export function NoMatch({ view }: { readonly view: '/runs' | '/sessions' }) {
  return (
    <>
      Nothing is recorded for these filters. <Link href={addressOf(view)}>Show all</Link>
    </>
  );
}
