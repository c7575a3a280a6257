import { addressOf, changeQuery } from '../address.js';
import type { SessionEntry, SessionList } from '../answers.js';
import { useAnswer } from '../ask.js';
import { isFiltered, readFilter } from '../filters.js';
import { formatMinute } from '../format.js';
import { Choice } from '../parts/choice.jsx';
import { costColumn, sumColumns, tokens } from '../parts/columns.jsx';
import { ProviderName } from '../parts/figures.jsx';
import { Link } from '../parts/link.jsx';
import { Await, Empty, Panel } from '../parts/panel.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { PROVIDER_OPTIONS, type ProviderChoice, readProviderChoice } from '../providers.js';
import { FilterBar, NoMatch } from './filters.jsx';

/** The sessions that cost most, metered or read from history. */
export function SessionsView({ query }: { readonly query: URLSearchParams }) {
  const provider = readProviderChoice(query);
  const { phase: _, ...filter } = readFilter(query);
  const asked = useAnswer<SessionList>('/api/sessions', { ...filter, last: '100' });
  return (
    <>
      <div class="controls">
        <h1>Sessions</h1>
        <Choice<ProviderChoice>
          label="Provider"
          options={PROVIDER_OPTIONS}
          value={provider}
          onChoose={(value) => changeQuery({ provider: value === 'all' ? undefined : value })}
        />
        <FilterBar view="/sessions" filter={filter} />
      </div>
      <Await asked={asked}>
        {({ sessions }) =>
          sessions.length === 0 ? (
            <Empty title="No such session">
              {isFiltered(filter) ? <NoMatch view="/sessions" /> : 'Sessions appear here once they have used anything.'}
            </Empty>
          ) : (
            <Panel title="The costliest" hint="With the threads that each started.">
              <Table name="Sessions" columns={COLUMNS} rows={sessions} keyOf={({ threadId }) => threadId} first={25} />
            </Panel>
          )
        }
      </Await>
    </>
  );
}

const COLUMNS: readonly Column<SessionEntry>[] = [
  {
    key: 'session',
    title: 'Session',
    value: (session) => session.threadId,
    show: ({ threadId, invocationCount }) => (
      <Link href={addressOf('/session', { id: threadId })}>
        <code title={invocationCount > 0 ? threadId : `${threadId}, known from its session file`}>
          {threadId.slice(0, 13)}
        </code>
      </Link>
    ),
  },
  costColumn(({ threadId }) => addressOf('/session', { id: threadId, why: 'all' })),
  {
    key: 'provider',
    title: 'Provider',
    value: ({ providers }) => providers.join(' '),
    show: ({ providers }) => providers.map((provider) => <ProviderName key={provider} provider={provider} />),
  },
  { key: 'project', title: 'Project', value: ({ projectIds }) => projectIds.join(' ') },
  {
    key: 'latest',
    title: 'Latest response',
    value: ({ lastResponseAt }) => lastResponseAt,
    show: ({ lastResponseAt }) => <time dateTime={lastResponseAt}>{formatMinute(lastResponseAt)}</time>,
  },
  { key: 'model', title: 'Model', value: ({ modelNames }) => modelNames.join(' ') },
  tokens('Threads', ({ threadCount }) => threadCount),
  ...sumColumns<SessionEntry>().slice(1),
];
