import { useState } from 'preact/hooks';
import type { PastSessions } from '../../answers.js';
import { useAnswer } from '../../ask.js';
import { formatCount } from '../../format.js';
import { Empty } from '../../parts/panel.jsx';
import { PROVIDER_NAMES } from '../../providers.js';

/** What a new user sees: how to begin, and what lies on the disk already. */
export function Welcome() {
  return (
    <Empty title="Nothing has been recorded yet">
      <PastSessionsOffer />
      <p>Put codex-metered where codex stood, and watch it arrive here:</p>
      <code>codex-metered exec "fix the failing test"</code>
    </Empty>
  );
}

function PastSessionsOffer() {
  const [state, setState] = useState<'offered' | 'asked' | 'failed'>('offered');
  const files = useAnswer<PastSessions>('/api/past-sessions').answer?.files ?? [];
  const found = files.filter(({ fileCount }) => fileCount > 0);
  const count = found.reduce((sum, { fileCount }) => sum + fileCount, 0);
  if (count === 0) return null;
  const start = async () => {
    setState('asked');
    const { ok } = await fetch('/api/import', { method: 'POST' }).catch(() => ({ ok: false }));
    if (!ok) setState('failed');
  };
  const names = found.map(({ provider, fileCount }) => `${formatCount(fileCount)} of ${PROVIDER_NAMES[provider]}`);
  return (
    <div class="offer">
      <p>
        {formatCount(count)} past {count === 1 ? 'session lies' : 'sessions lie'} on this disk: {names.join(', ')}.
      </p>
      <button type="button" class="primary" disabled={state === 'asked'} onClick={() => void start()}>
        {state === 'asked' ? 'Importing…' : 'Import them'}
      </button>
      {state === 'failed' && <p role="alert">The import could not be started: try codex-usage import.</p>}
    </div>
  );
}
