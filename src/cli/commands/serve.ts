import manifest from '../../../package.json' with { type: 'json' };
import { findHomes } from '../../agents/registry.js';
import type { Paths } from '../../config/paths.js';
import { listPrices, type Settings } from '../../config/settings.js';
import { messageOf, StoreError } from '../../errors.js';
import { type ImportOptions, importHistory } from '../../history/import.js';
import { openLog } from '../../log.js';
import { openStore, type Store } from '../../store/store.js';
import { PortError } from '../../web/listen.js';
import { createProgress, type ProgressReport } from '../../web/progress.js';
import { type Dashboard, startDashboard } from '../../web/server.js';
import type { Host } from './host.js';
import { type ServeRequest, USUAL_PORT } from './serve-options.js';

/** How long an answer waits for who is writing. */
const BUSY_TIMEOUT_MS = 5000;
const REFRESH_MS = 60_000;

export interface ServeContext {
  readonly paths: Paths;
  readonly settings: Settings;
  /** Records what metered runs left behind. */
  readonly catchUp: () => Promise<void> | void;
}

/** Serves the dashboard until `host` is told to stop. Returns the exit code: 1 when it could not be served. */
export async function runServeCommand(
  request: ServeRequest,
  host: Host,
  { paths, settings, catchUp }: ServeContext,
): Promise<number> {
  const log = openLog(paths.logFile);
  let store: Store | undefined;
  try {
    // A new user has no database yet: the page is what shows them that it fills.
    store = openStore(paths.database, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS });
    const history = createProgress();
    const dashboard = await startDashboard({
      store,
      history,
      surroundings: {
        version: manifest.version,
        database: paths.database,
        subscriptions: settings.subscriptions.map(({ value }) => value),
        timeZone: settings.timeZone.value,
        unit: settings.unit.value,
        now: Date.now,
      },
      port: { port: request.port ?? USUAL_PORT, insist: request.port === undefined ? 'first' : 'exact' },
      onFault: (error) => log.warn('The dashboard could not answer.', { reason: messageOf(error) }),
    });
    const stopped = host.untilStopped();
    announce(dashboard, host);
    if (request.browser === 'open') await openBrowser(dashboard.url, host);
    const read = request.history === 'import' ? () => readHistory(history, host, paths, settings) : () => undefined;
    const stopReading = keepUpToDate(history, async () => {
      await catchUp();
      await read();
    });
    await stopped;
    stopReading();
    host.stderr.write('Stopped.\n');
    await dashboard.close();
    return 0;
  } catch (error) {
    if (!(error instanceof StoreError) && !(error instanceof PortError)) throw error;
    host.stderr.write(`error: ${error.message}\n`);
    return 1;
  } finally {
    store?.close();
  }
}

function announce({ url, port, taken }: Dashboard, { stdout, stderr }: Host): void {
  const [first] = taken;
  if (first !== undefined) stderr.write(`Port ${first} is taken by another program: this is ${port}.\n`);
  stdout.write(`The dashboard is at ${url}\n`);
  stderr.write('Ctrl-C ends it.\n');
}

async function openBrowser(url: string, { stderr }: Host): Promise<void> {
  const advise = () => stderr.write(`No browser could be opened: go to ${url} yourself.\n`);
  try {
    const { default: open } = await import('open');
    const opener = await open(url);
    opener.once('error', advise);
    opener.once('exit', (code) => {
      if (code) advise();
    });
  } catch {
    advise();
  }
}

/** Calls `refresh` now, and once a minute while a page looks on. Returns what ends it. */
function keepUpToDate(history: ProgressReport, refresh: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let state: 'going' | 'ended' = 'going';
  const turn = async (wanted: boolean) => {
    if (wanted) await refresh();
    if (state === 'going') timer = setTimeout(() => void turn(history.isWatched()), REFRESH_MS);
  };
  void turn(true);
  return () => {
    state = 'ended';
    clearTimeout(timer);
  };
}

/** Reads what is new in past sessions: of Claude Code, and of a Codex that is not metered. Never rejects. */
async function readHistory(
  history: ProgressReport,
  { env }: Host,
  { database }: Paths,
  settings: Settings,
): Promise<void> {
  const onProgress: ImportOptions['onProgress'] = (done, all) => {
    history.report({ state: 'reading', filesDone: done.files, filesTotal: all.files });
  };
  try {
    await importHistory({ database, homes: findHomes(env), userPrices: listPrices(settings), onProgress });
    history.report({ state: 'done', problem: null });
  } catch (error) {
    history.report({ state: 'failed', problem: messageOf(error) });
  }
}
