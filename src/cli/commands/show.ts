import type { Paths } from '../../config/paths.js';
import { openStore, type Store } from '../../store/store.js';
import { explainFailure } from './failure.js';
import type { Host } from './host.js';

/** How long a report waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 5000;

/** As far as every report is asked for it. */
export interface ReportRequest {
  readonly format: 'text' | 'json' | 'markdown';
  readonly timeZone: string | undefined;
}

/**
 * Writes what `render` makes of the store to the host, or why there is nothing to show. Returns the exit code: 0, or 1
 * for the latter.
 */
export async function showReport(
  request: ReportRequest,
  host: Host,
  { database }: Paths,
  render: (store: Store) => string | Promise<string>,
): Promise<number> {
  try {
    const store = openStore(database, { mode: 'read', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      host.stdout.write(await render(store));
    } finally {
      store.close();
    }
    return 0;
  } catch (error) {
    const failure = explainFailure(error, { database, timeZone: request.timeZone });
    if (!failure) throw error;
    if (request.format === 'json') host.stdout.write(formatJson(failure.json));
    host.stderr.write(failure.text);
    return 1;
  }
}

export function formatJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
