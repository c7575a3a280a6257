import { createHash } from 'node:crypto';
import { findWorkTree, nameProject } from '../../io/work-tree.js';
import type { PriceEntry } from '../../pricing/price.js';
import { Pricer } from '../../pricing/pricer.js';
import { createPriceBook } from '../../pricing/prices.js';
import { countRead } from '../../store/assignment/assign.js';
import { wasMetered } from '../../store/invocations.js';
import type { Mirror } from '../../store/mirror.js';
import { openStore, type Store } from '../../store/store.js';
import type { Invocation, InvocationStatus, Note } from '../../usage/record.js';
import type { Source } from '../../usage/source.js';
import { type CodexLog, readCodexLog } from './codex-log.js';
import { describeImpossible, type EvidenceInput, estimateFromTexts, readFromLog, type StandIn } from './evidence.js';
import { findRunFolders, type RunFolder } from './run-folders.js';
import { findThreadWindow, type PastInvocation } from './window.js';

export interface BackfillOptions {
  readonly database: string;
  /** The directory of a runner, which has `<run>/<phase>/iter-<n>/` at any depth or is such a folder. */
  readonly directory: string;
  /** Undefined: the project is named after the directory's git work tree, or after the directory. */
  readonly projectId: string | undefined;
  readonly userPrices?: readonly PriceEntry[];
  /** Gives the cost records to another program, too. */
  readonly mirror?: Mirror;
}

/**
 * `metered`: it was metered as it ran. `none`: it used nothing that is not recorded already. `unknown`: there is no evidence
 * of what it used.
 */
export type BackfillOutcome = Source | 'metered' | 'none' | 'unknown';

export interface BackfillSummary {
  readonly runs: number;
  readonly invocations: number;
  readonly byOutcome: Readonly<Record<BackfillOutcome, number>>;
}

const BUSY_TIMEOUT_MS = 30_000;

/**
 * Records invocations that were made before they were metered, from the folders that a runner has left of them. The sessions that
 * there are have been imported before. Rejects with a StoreError, or with what the file system throws for `directory`.
 */
export async function backfillRuns(options: BackfillOptions): Promise<BackfillSummary> {
  const folders = findRunFolders(options.directory);
  const projectId = options.projectId ?? nameProject(options.directory).value;
  const pricer = new Pricer(createPriceBook({ user: options.userPrices ?? [] }));
  const byOutcome = { actual: 0, parsed: 0, estimated: 0, metered: 0, none: 0, unknown: 0 };
  const invocations: PastInvocation[] = [];
  for (const folder of folders) invocations.push({ folder, log: await readLog(folder) });
  if (folders.length > 0) {
    const store = openStore(options.database, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      const each = async (expect?: (invocationId: string) => void) => {
        const context = { store, pricer, invocations, projectId, expect };
        for (const invocation of invocations) byOutcome[await backfill(invocation, context)]++;
      };
      await (options.mirror ? options.mirror.during(store, each) : each());
    } finally {
      store.close();
    }
  }
  return { runs: new Set(folders.map(({ runId }) => runId)).size, invocations: folders.length, byOutcome };
}

interface Context {
  readonly store: Store;
  readonly pricer: Pricer;
  /** All that are backfilled, in the order in which they ended. */
  readonly invocations: readonly PastInvocation[];
  readonly projectId: string;
  /** Called with the id of an invocation before it is recorded. */
  readonly expect: ((invocationId: string) => void) | undefined;
}

async function backfill({ folder, log }: PastInvocation, context: Context): Promise<BackfillOutcome> {
  const { store, pricer, invocations, projectId } = context;
  const { connection } = store;
  const { runId, phase, iteration, endedAtMs } = folder;
  const invocation = describeInvocation(folder, projectId);
  const { id } = invocation;
  const { threadId, window } = findThreadWindow(connection, { folder, log, id }, invocations) ?? {};
  if (wasMetered(connection, { projectId, runId, phase, iteration, threadId })) return 'metered';
  context.expect?.(id);
  const update = { threadId, status: describeStatus(folder, log), endedAtMs };
  if (window) {
    store.record({ invocation, update }, window);
    const outcome = readOutcome(store, id);
    if (outcome) return outcome;
  }
  const untilMs = window?.untilMs ?? endedAtMs;
  const recordedBefore = store.readRecordedBefore({ threadId: threadId ?? '', invocationId: id, untilMs });
  const input: EvidenceInput = { invocationId: id, folder, log, recordedBefore };
  const isRead = threadId !== undefined && countRead(connection, { threadId }) > 0;
  const found = readFromLog(input) ?? (isRead ? NOT_OF_ITS_TIME : await estimateFromTexts(input));
  store.record({ invocation, update, ...toRecord(found, pricer, describeImpossible(log)) }, window);
  return found ? (found.response?.source ?? 'none') : 'unknown';
}

const NOTHING: Note = { kind: 'fallback', reason: 'no evidence of what was used', figures: {} };
const NOT_OF_ITS_TIME: StandIn = {
  response: undefined,
  note: { kind: 'fallback', reason: 'its session file holds no response of its time: nothing is added', figures: {} },
};

function toRecord(found: StandIn | undefined, pricer: Pricer, impossible: readonly Note[]) {
  if (!found?.response) return { notes: [...impossible, found?.note ?? NOTHING] };
  const { response, notes } = pricer.price(found.response);
  return { responses: [response], notes: [...impossible, found.note, ...notes] };
}

/** Returns the source of the responses of an invocation, or undefined when it has none. */
function readOutcome(store: Store, invocationId: string): Source | undefined {
  return store.connection
    .prepare<[string], Source>('SELECT source FROM response_rows WHERE invocation_id = ? ORDER BY source LIMIT 1')
    .pluck()
    .get(invocationId);
}

async function readLog({ log }: RunFolder): Promise<CodexLog | undefined> {
  return log === undefined ? undefined : await readCodexLog(log).catch(() => undefined);
}

function describeInvocation(folder: RunFolder, projectId: string): Invocation {
  const { path, runId, phase, iteration, startedAtMs } = folder;
  const origins = { project: 'directory', run: 'output path', phase: 'output path', iteration: 'output path' } as const;
  return {
    // The id is the same each time, so that a second backfill adds nothing.
    id: `backfill-${createHash('sha256').update(path).digest('hex').slice(0, 24)}`,
    origin: 'backfilled',
    attribution: { projectId, runId, phase, iteration, origins },
    command: 'exec',
    cwd: path,
    workTree: findWorkTree(path),
    codexHome: undefined,
    codexPath: undefined,
    meterPid: undefined,
    codexPid: undefined,
    startedAtMs,
  };
}

function describeStatus({ result }: RunFolder, log: CodexLog | undefined): InvocationStatus {
  if (log?.outcome === 'failed') return 'failed';
  return log?.outcome === 'completed' || result !== undefined ? 'completed' : 'interrupted';
}
