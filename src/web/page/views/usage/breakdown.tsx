import { addressOf, changeQuery } from '../../address.js';
import type { Sums } from '../../answers.js';
import { useAnswer } from '../../ask.js';
import { addressBehind, type Filter } from '../../filters.js';
import { Choice } from '../../parts/choice.jsx';
import { sumColumns } from '../../parts/columns.jsx';
import { ProviderName, Share } from '../../parts/figures.jsx';
import { Link } from '../../parts/link.jsx';
import { Await, Empty, Panel } from '../../parts/panel.jsx';
import { type Column, Table } from '../../parts/table.jsx';
import type { Breakdown as Answer, BreakdownEntry, Dimension } from '../../usage-answers.js';

const DIMENSIONS = [
  { value: 'project', text: 'Project' },
  { value: 'phase', text: 'Phase' },
  { value: 'model', text: 'Model' },
  { value: 'branch', text: 'Branch' },
  { value: 'run', text: 'Run' },
] as const;

const NAMES: Readonly<Record<Dimension, string>> = {
  project: 'Project',
  phase: 'Phase',
  model: 'Model',
  branch: 'Branch',
  run: 'Run',
};

interface BreakdownProps {
  readonly query: URLSearchParams;
  /** As the API is asked for the usage of the same view. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** What the links lead to is of the same days, provider and project. */
  readonly filter: Filter;
  readonly totals: Sums;
}

/** What the cost consists of, the dearest first: by project, phase, model, branch or run. */
export function Breakdown({ query, parameters, filter, totals }: BreakdownProps) {
  const by = DIMENSIONS.find(({ value }) => value === query.get('by'))?.value ?? 'project';
  const asked = useAnswer<Answer>('/api/breakdown', { ...parameters, by });
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
      <Await asked={asked}>{(answer) => <Ranking answer={answer} filter={filter} totals={totals} />}</Await>
    </Panel>
  );
}

type Entry = BreakdownEntry & { readonly metered: 'yes' | 'no' };

function Ranking({
  answer,
  filter,
  totals,
}: {
  readonly answer: Answer;
  readonly filter: Filter;
  readonly totals: Sums;
}) {
  const { by, entries, unmetered } = answer;
  const rows: Entry[] = [
    ...entries.map((entry): Entry => ({ ...entry, metered: 'yes' })),
    ...(unmetered ? [{ ...unmetered, name: 'not metered', metered: 'no' } as const] : []),
  ];
  if (rows.length === 0) return <Empty title="Nothing was used in these days">Choose other days above.</Empty>;
  return (
    <Table
      name={`cost by ${by}`}
      columns={columnsOf(by, filter, totals)}
      rows={rows}
      keyOf={({ name, projectId, provider, metered }) => [name, projectId, provider, metered].join(' ')}
      first={10}
    />
  );
}

const NO_BRANCH = '(none)';

function columnsOf(by: Dimension, filter: Filter, totals: Sums): Column<Entry>[] {
  const whole = totals.costUsd ?? 0;
  const shareOf = ({ costUsd }: Entry) => (whole > 0 && costUsd !== null ? costUsd / whole : null);
  const [cost, ...sums] = sumColumns<Entry>();
  return [
    {
      key: 'name',
      title: NAMES[by],
      value: ({ name }) => name ?? NO_BRANCH,
      show: (entry) =>
        entry.name === null ? NO_BRANCH : <Link href={addressOfEntry(by, entry, filter)}>{entry.name}</Link>,
    },
    ...(cost ? [cost] : []),
    {
      key: 'part',
      title: 'Share of cost',
      align: 'right',
      value: shareOf,
      show: (entry) => <Share share={shareOf(entry)} />,
    },
    ...(by === 'run' ? [{ key: 'project', title: 'Project', value: ({ projectId }: Entry) => projectId ?? null }] : []),
    ...(by === 'model'
      ? [
          {
            key: 'provider',
            title: 'Provider',
            value: ({ provider }: Entry) => provider ?? null,
            show: ({ provider }: Entry) => provider && <ProviderName provider={provider} />,
          },
        ]
      : []),
    ...sums,
  ];
}

/** The run itself, or the runs and sessions that the entry is the sum of. What was not metered has sessions alone. */
function addressOfEntry(by: Dimension, { name, projectId, metered }: Entry, filter: Filter): string {
  if (metered === 'no') return addressBehind('/sessions', filter);
  if (by === 'run') return addressOf('/run', { id: name ?? '', project: projectId });
  if (by === 'phase') return addressBehind('/runs', { ...filter, phase: name ?? undefined, provider: undefined });
  return addressBehind('/sessions', { ...filter, [by]: name ?? undefined });
}
