import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { type Address, addressOf, useAddress } from './address.js';
import type { HistoryState } from './answers.js';
import { type Live, useLive } from './ask.js';
import { formatCount } from './format.js';
import { Empty, Link } from './parts/layout.jsx';
import { CompareView } from './views/compare.jsx';
import { HealthView } from './views/health.jsx';
import { ReportView } from './views/report.jsx';
import { RunsView } from './views/runs.jsx';
import { SessionsView } from './views/sessions.jsx';
import { UsageView } from './views/usage.jsx';

const TABS = [
  { path: '/', title: 'Usage', also: [] },
  { path: '/runs', title: 'Runs', also: ['/run', '/compare'] },
  { path: '/sessions', title: 'Sessions', also: ['/session'] },
  { path: '/health', title: 'Health', also: [] },
] as const;

export function App() {
  const address = useAddress();
  const live = useLive();
  const tab = TABS.find(({ path, also }) => [path, ...also].some((one) => one === address.path));
  useEffect(() => {
    const id = address.query.get('id');
    document.title = [id, tab?.title, 'codex-usage'].filter(Boolean).join(' · ');
  }, [address, tab]);
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <Link href="/" class="brand">
          <span class="brand-mark" aria-hidden="true" />
          codex-usage
        </Link>
        <nav aria-label="Views">
          {TABS.map(({ path, title }) => (
            <Link key={path} href={path} current={path === tab?.path}>
              {title}
            </Link>
          ))}
        </nav>
        <Pulse live={live} />
      </header>
      <HistoryProgress history={live.history} />
      <main id="content" tabIndex={-1}>
        {showView(address)}
      </main>
    </>
  );
}

function showView({ path, query }: Address): ComponentChildren {
  const [id, why] = [query.get('id') ?? '', query.get('why') ?? undefined];
  switch (path) {
    case '/':
      return <UsageView query={query} />;
    case '/runs':
      return <RunsView query={query} />;
    case '/run':
      return <ReportView kind="run" id={id} project={query.get('project') ?? undefined} why={why} />;
    case '/compare':
      return <CompareView query={query} />;
    case '/sessions':
      return <SessionsView query={query} />;
    case '/session':
      return <ReportView kind="session" id={id} project={undefined} why={why} />;
    case '/health':
      return <HealthView />;
    default:
      return (
        <Empty title="There is no such view">
          <Link href={addressOf('/')}>What it cost</Link>
        </Empty>
      );
  }
}

function Pulse({ live: { connection } }: { readonly live: Live }) {
  return (
    <p class={`pulse pulse-${connection}`} role="status">
      <span class="pulse-dot" aria-hidden="true" />
      {connection === 'live' ? 'Live' : 'Connecting…'}
    </p>
  );
}

function HistoryProgress({ history }: { readonly history: HistoryState | undefined }) {
  if (history?.state === 'failed') {
    return (
      <div class="banner" role="alert">
        Past sessions could not be read: {history.problem}
      </div>
    );
  }
  if (history?.state !== 'reading') return null;
  const { filesDone, filesTotal } = history;
  return (
    <div class="banner" role="status">
      <label>
        Reading past sessions: {formatCount(filesDone)} of {formatCount(filesTotal)} files{' '}
        <progress value={filesDone} max={Math.max(1, filesTotal)} />
      </label>
    </div>
  );
}
