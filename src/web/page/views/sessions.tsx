import { addressOf, isFiltered, readFilter } from '../address.js';
import type { SessionEntry } from '../answers.js';
import { useAnswer } from '../ask.js';
import { readProvider } from '../names.js';
import { costColumn, countColumn, modelColumn, sumColumns, timeColumn } from '../parts/columns.jsx';
import { ProviderName } from '../parts/figures.jsx';
import { Await, Empty, Link, Panel } from '../parts/layout.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { FilterBar, NoMatch, ProviderPick } from './filters.jsx';

/** The sessions that cost most, metered or read from history. */
export function SessionsView({ query }: { readonly query: URLSearchParams }) {
  const { phase: _, ...filter } = readFilter(query);
  const asked = useAnswer<{ readonly sessions: readonly SessionEntry[] }>('/api/sessions', { ...filter, last: '100' });
  return (
    <>
      <div class="controls">
        <h1>Sessions</h1>
        <ProviderPick provider={readProvider(query)} />
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
    title: 'Provider',
    value: ({ providers }) => providers.join(' '),
    show: ({ providers }) => providers.map((provider) => <ProviderName key={provider} provider={provider} />),
  },
  { title: 'Project', value: ({ projectIds }) => projectIds.join(' ') },
  timeColumn('Latest response', ({ lastResponseAt }) => lastResponseAt),
  modelColumn(({ modelNames }) => modelNames),
  countColumn('Threads', ({ threadCount }) => threadCount),
  ...sumColumns<SessionEntry>(),
];
