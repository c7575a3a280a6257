import { addressBehind, addressOf, changeQuery, type Filter } from '../../address.js';
import type { Sums } from '../../answers.js';
import { useAnswer } from '../../ask.js';
import { costColumn, sumColumns } from '../../parts/columns.jsx';
import { ProviderName, Share } from '../../parts/figures.jsx';
import { Await, Choice, Empty, Link, Panel } from '../../parts/layout.jsx';
import { type Column, Table } from '../../parts/table.jsx';
import type { Breakdown as Answer, BreakdownEntry, Dimension, PeriodReport } from '../../usage-answers.js';

const NAMES: Readonly<Record<Dimension, string>> = {
  project: 'Project',
  phase: 'Phase',
  model: 'Model',
  branch: 'Branch',
  run: 'Run',
};
const DIMENSIONS = (Object.keys(NAMES) as Dimension[]).map((value) => ({ value, text: NAMES[value] }));

interface BreakdownProps {
  readonly query: URLSearchParams;
  /** As the API is asked for the usage of the same view. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** The provider and the project that the view is of. */
  readonly filter: Filter;
  readonly range: PeriodReport;
}

/** What the cost consists of, the dearest first: by project, phase, model, branch or run. */
export function Breakdown({ query, parameters, filter, range }: BreakdownProps) {
  const by = DIMENSIONS.find(({ value }) => value === query.get('by'))?.value ?? 'project';
  const asked = useAnswer<Answer>('/api/breakdown', { ...parameters, by });
  const behind = { ...filter, since: range.since ?? undefined, until: range.until ?? undefined };
  return (
    <Panel
      title="Cost by"
      hint={
        <Choice
          label="Cost by"
          options={DIMENSIONS}
          value={by}
          onChoose={(value) => changeQuery({ by: value === 'project' ? undefined : value })}
        />
      }
    >
      <Await asked={asked}>{(answer) => <Ranking answer={answer} filter={behind} totals={range.totals} />}</Await>
    </Panel>
  );
}

type Entry = BreakdownEntry & { readonly isMetered: boolean };

interface RankingProps {
  readonly answer: Answer;
  /** What the links lead to. */
  readonly filter: Filter;
  readonly totals: Sums;
}

function Ranking({ answer: { by, entries, unmetered }, filter, totals }: RankingProps) {
  const rows: Entry[] = [
    ...entries.map((entry) => ({ ...entry, isMetered: true })),
    ...(unmetered ? [{ ...unmetered, name: 'not metered', isMetered: false }] : []),
  ];
  if (rows.length === 0) return <Empty title="Nothing was used in these days">Choose other days above.</Empty>;
  return (
    <Table
      name={`cost by ${by}`}
      columns={columnsOf(by, filter, totals)}
      rows={rows}
      keyOf={({ name, projectId, provider, isMetered }) => [name, projectId, provider, isMetered].join(' ')}
      first={10}
    />
  );
}

const NO_BRANCH = '(none)';

function columnsOf(by: Dimension, filter: Filter, totals: Sums): Column<Entry>[] {
  const whole = totals.costUsd ?? 0;
  const shareOf = ({ costUsd }: Entry) => (whole > 0 && costUsd !== null ? costUsd / whole : null);
  const project: Column<Entry> = { title: 'Project', value: ({ projectId }) => projectId ?? null };
  const provider: Column<Entry> = {
    title: 'Provider',
    value: (entry) => entry.provider ?? null,
    show: (entry) => entry.provider && <ProviderName provider={entry.provider} />,
  };
  return [
    {
      title: NAMES[by],
      value: ({ name }) => name ?? NO_BRANCH,
      show: (entry) =>
        entry.name === null ? NO_BRANCH : <Link href={addressOfEntry(by, entry, filter)}>{entry.name}</Link>,
    },
    costColumn(),
    {
      title: 'Share of cost',
      align: 'right',
      value: shareOf,
      show: (entry) => <Share share={shareOf(entry)} />,
    },
    ...(by === 'run' ? [project] : []),
    ...(by === 'model' ? [provider] : []),
    ...sumColumns<Entry>(),
  ];
}

/** The run itself, or the runs and sessions that the entry is the sum of. What was not metered has sessions alone. */
function addressOfEntry(by: Dimension, { name, projectId, isMetered }: Entry, filter: Filter): string {
  if (!isMetered) return addressBehind('/sessions', filter);
  if (by === 'run') return addressOf('/run', { id: name ?? '', project: projectId });
  if (by === 'phase') return addressBehind('/runs', { ...filter, phase: name ?? undefined, provider: undefined });
  return addressBehind('/sessions', { ...filter, [by]: name ?? undefined });
}
