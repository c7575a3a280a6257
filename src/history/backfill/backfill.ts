import { createHash } from 'node:crypto';
import { nameProject } from '../../io/work-tree.js';
import type { PriceEntry } from '../../pricing/price.js';
import { Pricer } from '../../pricing/pricer.js';
import { createPriceBook } from '../../pricing/prices.js';
import { claimResponses, countResponses, wasMetered } from '../../store/claims.js';
import type { Mirror } from '../../store/mirror.js';
import { openStore, type Store } from '../../store/store.js';
import type { Invocation, InvocationStatus, Note } from '../../usage/record.js';
import type { Source } from '../../usage/source.js';
import { type CodexLog, readCodexLog } from './codex-log.js';
import { type EvidenceInput, estimateFromTexts, readFromLog, type StandIn } from './evidence.js';
import { findRunFolders, type RunFolder } from './run-folders.js';

export interface BackfillOptions {
  readonly database: string;
  /** A runner's directory: `<run>/<phase>/iter-<n>/` at it or below. */
  readonly directory: string;
  /** Undefined: after the directory's git work tree, or its name. */
  readonly projectId: string | undefined;
  readonly userPrices?: readonly PriceEntry[];
  /** Gives the cost records to another program, too. */
  readonly mirror?: Mirror;
}

/** `metered`: its run was recorded as it happened. `unknown`: nothing tells what was used. */
export type BackfillOutcome = Source | 'metered' | 'unknown';

export interface BackfillSummary {
  readonly runs: number;
  readonly invocations: number;
  readonly byOutcome: Readonly<Record<BackfillOutcome, number>>;
}

/** What a file's clock may be behind. */
const SLACK_MS = 5000;
const BUSY_TIMEOUT_MS = 30_000;

/**
 * Records invocations that were made before they were metered, from what a runner has kept of them. The sessions that
 * there are have been imported before. Rejects with a StoreError, or with what the file system throws for `directory`.
 */
export async function backfillRuns(options: BackfillOptions): Promise<BackfillSummary> {
  const folders = findRunFolders(options.directory);
  const projectId = options.projectId ?? nameProject(options.directory).value;
  const pricer = new Pricer(createPriceBook({ user: options.userPrices ?? [] }));
  const byOutcome = { actual: 0, parsed: 0, estimated: 0, metered: 0, unknown: 0 };
  const logs = new Map<RunFolder, CodexLog | undefined>();
  for (const folder of folders) logs.set(folder, await readLog(folder));
  if (folders.length > 0) {
    const store = openStore(options.database, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      const each = async (expect?: (invocationId: string) => void) => {
        for (const [folder, log] of logs) {
          const isLast = isLastOfThread(folder, log, logs);
          byOutcome[await backfill(store, pricer, { folder, log, projectId, isLast, expect })]++;
        }
      };
      await (options.mirror ? options.mirror.during(store, each) : each());
    } finally {
      store.close();
    }
  }
  return { runs: new Set(folders.map(({ runId }) => runId)).size, invocations: folders.length, byOutcome };
}

interface Kept {
  readonly folder: RunFolder;
  readonly log: CodexLog | undefined;
  readonly projectId: string;
  /** No later folder is of the same thread. */
  readonly isLast: boolean;
  /** Told of an invocation before it is recorded. */
  readonly expect: ((invocationId: string) => void) | undefined;
}

async function backfill(store: Store, pricer: Pricer, kept: Kept): Promise<BackfillOutcome> {
  const { folder, log, projectId, isLast } = kept;
  const { runId, phase, iteration } = folder;
  const threadId = log?.threadId;
  if (wasMetered(store.connection, { projectId, runId, phase, iteration, threadId })) return 'metered';
  const invocation = describeInvocation(folder, projectId);
  const { id } = invocation;
  kept.expect?.(id);
  const update = { threadId, status: describeStatus(folder, log), endedAtMs: folder.endedAtMs };
  if (threadId !== undefined) {
    store.record({ invocation, update });
    const untilMs = isLast ? Number.MAX_SAFE_INTEGER : folder.endedAtMs + SLACK_MS;
    const claimed = claimResponses(store, { invocationId: id, threadId, untilMs });
    if (claimed > 0 || countResponses(store.connection, id) > 0) return claimed > 0 ? 'actual' : readOutcome(store, id);
  }
  const recordedBefore = store.readThreadUsage(threadId ?? '', id);
  const input: EvidenceInput = { invocationId: id, folder, log, recordedBefore };
  const found = readFromLog(input) ?? (await estimateFromTexts(input));
  store.record({ invocation, update, ...toRecord(found, pricer) });
  return found?.response.source ?? 'unknown';
}

const NOTHING: Note = { kind: 'fallback', reason: 'no evidence of what was used', figures: {} };

function toRecord(found: StandIn | undefined, pricer: Pricer) {
  if (!found) return { notes: [NOTHING] };
  const { response, notes } = pricer.price(found.response);
  return { responses: [response], notes: [found.note, ...notes] };
}

/** What an earlier backfill has recorded. */
function readOutcome(store: Store, invocationId: string): BackfillOutcome {
  const source = store.connection
    .prepare<[string], Source>('SELECT source FROM response_rows WHERE invocation_id = ? ORDER BY source LIMIT 1')
    .pluck()
    .get(invocationId);
  return source ?? 'unknown';
}

async function readLog({ log }: RunFolder): Promise<CodexLog | undefined> {
  return log === undefined ? undefined : await readCodexLog(log).catch(() => undefined);
}

function isLastOfThread(
  folder: RunFolder,
  log: CodexLog | undefined,
  logs: Map<RunFolder, CodexLog | undefined>,
): boolean {
  const sharing = [...logs].filter(([, other]) => other?.threadId === log?.threadId).map(([other]) => other);
  return sharing.at(-1) === folder;
}

function describeInvocation(folder: RunFolder, projectId: string): Invocation {
  const { path, runId, phase, iteration, startedAtMs } = folder;
  const origins = { project: 'directory', run: 'output path', phase: 'output path', iteration: 'output path' } as const;
  return {
    // The same each time, so that a second backfill adds nothing.
    id: `backfill-${createHash('sha256').update(path).digest('hex').slice(0, 24)}`,
    origin: 'backfilled',
    attribution: { projectId, runId, phase, iteration, origins },
    command: 'exec',
    cwd: path,
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
