import { InvalidArgumentError } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import { AGENT_IDS, findHomes, nameAgents } from '../../agents/registry.js';
import type { Paths } from '../../config/paths.js';
import { listPrices, type Settings } from '../../config/settings.js';
import { messageOf, StoreError } from '../../errors.js';
import { findHistoryFiles } from '../../history/discovery.js';
import { type ImportOptions, importHistory } from '../../history/import.js';
import { openLog } from '../../log.js';
import { openStore, type Store } from '../../store/store.js';
import { addressOfDocs } from '../../usage/docs.js';
import { PortError } from '../../web/listen.js';
import { createProgress, type ProgressReport } from '../../web/progress.js';
import type { Dashboard } from '../../web/server.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { choosePostgres, stopSignal } from './fleet-targets.js';
import type { Host } from './host.js';
import { pullInto } from './pull.js';

/** How long an answer waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 5000;
const REFRESH_MS = 60_000;

const USUAL_PORT = 4747;

const OPTIONS = {
  port: {
    ...{ short: 'p', value: '<port>', parse: parsePort },
    text: `this port, or none (default: ${USUAL_PORT} or the next that is free)`,
  },
  open: { short: 'o', text: 'open it in the browser' },
  fleet: { text: 'of all machines of the fleet: pulls each minute while a page is open' },
  noImport: { text: 'leave past sessions unread' },
} satisfies Record<string, OptionSpec>;

const HELP = `
The page shows what was spent over time, run by run and session by session, and follows what is recorded while Codex
works. It is served on this machine's loopback address alone, by this command alone, and loads nothing from elsewhere.
Past sessions of ${nameAgents()} are read in the background; the page says how far that has come.

Examples:
  codex-usage serve                    the dashboard, at http://127.0.0.1:${USUAL_PORT}/ or the next free port
  codex-usage serve --open             and a browser that shows it
  codex-usage serve --fleet            of the whole team, pulled each minute
  codex-usage serve --port 8080        at that port or not at all
  codex-usage serve --port 0           at any port that is free

Its JSON is described in ${addressOfDocs('api.md')}. Prometheus can scrape http://127.0.0.1:${USUAL_PORT}/metrics:
${addressOfDocs('metrics.md')}. Ctrl-C ends it.
`;

export const serve = defineCommand({
  name: 'serve',
  summary: 'the dashboard, in a browser',
  description: 'Shows the dashboard in a browser, until it is ended.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    await call.prepare();
    return serveDashboard(call, call.options.fleet ? pullRegularly(call) : undefined);
  },
});

/** Serves the dashboard until the host is told to stop. Returns the exit code: 1 when it could not be served. */
async function serveDashboard(
  { options, host, paths, settings, prepare }: Call<typeof OPTIONS>,
  pullNow: Refresh | undefined,
): Promise<number> {
  const log = openLog(paths.logFile);
  let store: Store | undefined;
  try {
    // A new user has no database yet, and the page shows it as it fills.
    store = openStore(paths.database, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS });
    const { startDashboard } = await import('../../web/server.js');
    const history = createProgress();
    const importNow = () => (pullNow ? pullNow(history) : readHistory(history, host, paths, settings));
    const dashboard = await startDashboard({
      store,
      history,
      pastSessions: { count: async () => (pullNow ? [] : countSessionFiles(host)), import: () => void importNow() },
      surroundings: {
        version: manifest.version,
        database: paths.database,
        subscriptions: settings.subscriptions.map(({ value }) => value),
        timeZone: settings.timeZone.value,
        unit: settings.unit.value,
        pending: paths,
        now: Date.now,
      },
      port: { port: options.port ?? USUAL_PORT, insist: options.port === undefined ? 'first' : 'exact' },
      onFault: (error) => log.warn('The dashboard could not answer.', { reason: messageOf(error) }),
    });
    const stopped = host.untilStopped();
    announce(dashboard, host);
    if (options.open) await openBrowser(dashboard.url, host);
    const read = options.noImport ? () => undefined : importNow;
    const stopReading = keepUpToDate(history, async () => {
      await prepare();
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

type Refresh = (history: ProgressReport) => Promise<void>;

/** Pulls from the fleet in place of reading past sessions. Throws a UsageError where it is not known from which target. */
function pullRegularly(call: Call<typeof OPTIONS>): Refresh {
  const target = choosePostgres(undefined, call, 'pull from');
  const signal = stopSignal(call);
  return async (history) => {
    history.report({ state: 'reading', filesDone: 0, filesTotal: 0 });
    const outcome = await pullInto(call, target, { sinceMs: undefined, full: false, signal });
    const problem = outcome?.kind === 'failed' ? outcome.reason : outcome ? null : 'team.db cannot be written';
    history.report(problem === null ? { state: 'done', problem } : { state: 'failed', problem });
  };
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

/** Calls `refresh` now, and once a minute while a page is open or a scraper asks. Returns a function that ends it. */
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

async function countSessionFiles({ env }: Host) {
  const { files } = await findHistoryFiles(findHomes(env));
  return AGENT_IDS.map((id) => ({ provider: id, fileCount: files.filter(({ provider }) => provider === id).length }));
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

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Use a whole number from 0 to 65535; 0 is any that is free.');
}
