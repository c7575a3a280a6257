import type { ThreadEntry } from '../answers.js';
import { formatMinute } from '../format.js';
import { sumColumns } from '../parts/columns.jsx';
import { Panel } from '../parts/panel.jsx';
import { type Column, Table } from '../parts/table.jsx';
import type { Spending } from '../spending.js';

/** The threads of a session that were read from history: nobody metered what caused their responses. */
export function Unmetered({ threads }: { readonly threads: readonly ThreadEntry[] }) {
  if (threads.length === 0) return null;
  return (
    <Panel title="Read from session files" hint="What no metered invocation caused, thread by thread.">
      <Table name="Threads" columns={COLUMNS} rows={threads} keyOf={({ threadId }) => threadId} />
    </Panel>
  );
}

export function describeUnmetered({ startedAt, responses }: ThreadEntry): Spending {
  return { phase: 'not metered', startedAt, responses };
}

const [COST, ...SUMS] = sumColumns<ThreadEntry>();
const COLUMNS: readonly Column<ThreadEntry>[] = [
  {
    key: 'thread',
    title: 'Thread',
    value: ({ threadId }) => threadId,
    show: ({ threadId }) => <code title={threadId}>{threadId.slice(0, 13)}</code>,
  },
  ...(COST ? [COST] : []),
  { key: 'kind', title: 'Kind', value: ({ threadKind }) => threadKind },
  {
    key: 'latest',
    title: 'Latest response',
    value: ({ lastResponseAt }) => lastResponseAt,
    show: ({ lastResponseAt }) => <time dateTime={lastResponseAt}>{formatMinute(lastResponseAt)}</time>,
  },
  {
    key: 'model',
    title: 'Model',
    value: ({ models }) => [...new Set(models.map(({ model }) => model))].join(' ') || null,
  },
  ...SUMS,
];
