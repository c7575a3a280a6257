import { addressBehind } from '../address.js';
import type { Health, NoteGroup } from '../answers.js';
import { useAnswer } from '../ask.js';
import { formatCount, formatMinute, formatShare } from '../format.js';
import { nameEvidence } from '../names.js';
import { countColumn, timeColumn } from '../parts/columns.jsx';
import { ProviderName, SourceBadge } from '../parts/figures.jsx';
import { Await, Empty, Link, Panel, RunLink } from '../parts/layout.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { adviceOn, Figures } from './notes.jsx';

/** How far the figures can be trusted, and what to do where they cannot. */
export function HealthView() {
  const asked = useAnswer<Health>('/api/health');
  return (
    <>
      <div class="controls">
        <h1>Health</h1>
        <p class="hint">How far the figures can be trusted, and what to do where they cannot.</p>
      </div>
      <Await asked={asked}>{(health) => <Report health={health} />}</Await>
    </>
  );
}

function Report({ health }: { readonly health: Health }) {
  const { notes, unpricedModels, unreadableFiles } = health;
  if (health.evidence.length === 0 && notes.length === 0 && unreadableFiles.length === 0) {
    return <Empty title="Nothing to tell yet">What is recorded, and how it is known, appears here.</Empty>;
  }
  const settled = notes.length + unpricedModels.length + unreadableFiles.length === 0;
  return (
    <>
      {settled && (
        <div class="all-well" role="status">
          <strong>✓ All is well.</strong> Every response is priced, every file was readable, and no two pieces of
          evidence disagree.
        </div>
      )}
      <Evidence of={health.evidence} />
      {notes.length > 0 && (
        <Panel title="Notes of metered runs" hint="The newest first, repetitions counted.">
          <ul class="notes">
            {notes.map((note) => (
              <NoteItem key={`${note.kind} ${note.reason}`} note={note} />
            ))}
          </ul>
        </Panel>
      )}
      {unpricedModels.length > 0 && (
        <Panel title="Models without a price" hint={adviceOn('unpriced')}>
          <Table
            name="Unpriced models"
            columns={UNPRICED}
            rows={unpricedModels}
            keyOf={({ provider, model }) => `${provider} ${model}`}
          />
        </Panel>
      )}
      {unreadableFiles.length > 0 && (
        <Panel title="Session files that could not all be read" hint={adviceOn('unreadable')}>
          <Table name="Unreadable files" columns={UNREADABLE} rows={unreadableFiles} keyOf={({ path }) => path} />
        </Panel>
      )}
    </>
  );
}

function Evidence({ of }: { readonly of: Health['evidence'] }) {
  const all = of.reduce((sum, { responseCount }) => sum + responseCount, 0);
  if (all === 0) return null;
  return (
    <Panel title="How the counts are known" hint={`${formatCount(all)} responses`}>
      <ul class="evidence">
        {of.map(({ source, evidence, responseCount }) => (
          <li key={`${source} ${evidence}`}>
            <SourceBadge source={source} />
            <span>{nameEvidence([evidence])}</span>
            <span class="evidence-bar" aria-hidden="true">
              <span class={`source-fill-${source}`} style={{ width: `${(100 * responseCount) / all}%` }} />
            </span>
            <data value={responseCount}>{formatCount(responseCount)}</data>
            <span class="faint">{formatShare(responseCount / all)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function NoteItem({ note }: { readonly note: NoteGroup }) {
  const { kind, reason, figures, count, runId, projectId, phase, iteration, lastNotedAt } = note;
  return (
    <li>
      <span class={`badge note-${kind}`}>{kind}</span> {count > 1 && <strong>{formatCount(count)}× </strong>}
      {reason}
      <Figures of={figures} />
      <p class="hint">{adviceOn(kind)}</p>
      <p class="hint">
        Lately {formatMinute(lastNotedAt)}, in{' '}
        <RunLink of={note}>{`${projectId} · ${runId} · ${phase} ${iteration}`}</RunLink>
      </p>
    </li>
  );
}

const UNPRICED: readonly Column<Health['unpricedModels'][number]>[] = [
  {
    title: 'Model',
    value: ({ model }) => model,
    show: ({ model, provider }) => <Link href={addressBehind('/sessions', { model, provider })}>{model}</Link>,
  },
  {
    title: 'Provider',
    value: ({ provider }) => provider,
    show: ({ provider }) => <ProviderName provider={provider} />,
  },
  countColumn('Responses', ({ unpricedResponseCount }) => unpricedResponseCount),
  timeColumn('First', ({ firstAt }) => firstAt),
  timeColumn('Latest', ({ lastAt }) => lastAt),
];

const UNREADABLE: readonly Column<Health['unreadableFiles'][number]>[] = [
  { title: 'File', value: ({ path }) => path, show: ({ path }) => <code>{path}</code> },
  countColumn('Unreadable lines', ({ unreadableLines }) => unreadableLines),
  { title: 'Problem', value: ({ problem }) => problem },
];
