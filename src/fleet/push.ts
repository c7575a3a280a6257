import { setTimeout as sleep } from 'node:timers/promises';
import { judgeState } from '../process/invocation-state.js';
import { listOpenInvocations } from '../store/invocations.js';
import { takeLock } from '../store/locks.js';
import type { Connection } from '../store/open.js';
import { readBacklog, readTarget } from '../store/outbox.js';
import { type FleetTarget, isOtlp } from '../usage/fleet-target.js';
import { FleetError } from './connection.js';
import { createJob, type PushSource } from './job.js';
import { type OtlpSent, pushOtlp, showOtlp } from './otlp.js';
import { pushAll, type Sent, showBatches } from './pusher.js';
import { openServer, type Server, untilAborted } from './server.js';
import { type SpoolSent, sendSpooled, spoolInto } from './spool.js';

export interface PushOptions {
  readonly full: boolean;
  /** How long to go on trying. */
  readonly waitMs: number;
  /** Ends the push, in the middle of a batch if need be. */
  readonly signal: AbortSignal;
  /** Write batches into this folder, in place of sending them. */
  readonly spool?: string | undefined;
  readonly onProgress?: (sent: Sent) => void;
}

/** What became of a push. `busy`: another process pushes to this target. */
export type PushOutcome = PushResult & {
  readonly target: string;
  /** How many changes the target has not been sent. */
  readonly waiting: number;
};

type PushResult =
  | ({ readonly kind: 'sent' } & (Sent | OtlpSent))
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly reason: string; readonly canPass: boolean };

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 300_000;
const BUSY_DELAY_MS = 200;

/** Pushes to a target, and tries again for as long as it may. Never throws for what a target or the network does. */
export async function push(source: PushSource, target: FleetTarget, options: PushOptions): Promise<PushOutcome> {
  const deadline = Date.now() + options.waitMs;
  const limit = options.waitMs > 0 ? [AbortSignal.timeout(options.waitMs)] : [];
  const signal = AbortSignal.any([options.signal, ...limit]);
  for (let failures = 0; ; ) {
    const outcome = await pushOnce(source, target, { ...options, full: options.full && failures === 0, signal });
    const canGoOn = outcome.kind === 'busy' ? isBehind(source, target) : outcome.kind === 'failed' && outcome.canPass;
    const delayMs = outcome.kind === 'busy' ? BUSY_DELAY_MS : chooseDelay(failures++);
    if (!canGoOn || signal.aborted || Date.now() + delayMs >= deadline) return outcome;
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Whether a target may still lack something that another process is about to send. The outbox does not show that while the other process
 * makes the target known, or sends sums.
 */
function isBehind({ connection }: PushSource, target: FleetTarget): boolean {
  return isOtlp(target) || hasWork(connection, target.name);
}

/** 1 s, 2 s, … 5 min, with jitter, so that machines which failed together do not come back together. */
function chooseDelay(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures) * (0.5 + Math.random() / 2);
}

async function pushOnce(source: PushSource, target: FleetTarget, options: PushOptions): Promise<PushOutcome> {
  const { connection, database } = source;
  const lock = takeLock(database, `push-${target.name}`);
  const end = (outcome: PushResult): PushOutcome => {
    return { ...outcome, target: target.name, waiting: countWaiting(connection, target.name) };
  };
  if (!lock) return end({ kind: 'busy' });
  let server: Server | undefined;
  try {
    if (isOtlp(target)) return end({ kind: 'sent', ...(await sendSums(source, target, options)) });
    const job = createJob(source, target, options);
    server = options.spool === undefined ? openServer(source, target, options.signal) : undefined;
    return end({ kind: 'sent', ...(await pushAll(job, server ?? spoolInto(options.spool ?? ''))) });
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return end({ kind: 'failed', reason: error.message, canPass: error.kind === 'passing' });
  } finally {
    await server?.close();
    lock.release();
  }
}

async function sendSums(source: PushSource, target: FleetTarget, options: PushOptions): Promise<OtlpSent> {
  if (options.spool !== undefined)
    throw new FleetError(`${target.name} is an OTLP endpoint: --spool is for a PostgreSQL.`, 'setup');
  const aborted = untilAborted(options.signal);
  aborted.catch(() => undefined);
  return Promise.race([pushOtlp(source, target, { full: options.full }), aborted]);
}

function countWaiting(connection: Connection, name: string): number {
  const known = readTarget(connection, name);
  return known ? readBacklog(connection, known).entries : 0;
}

/** Calls `print` with all that a push would send, batch by batch. Returns why it cannot; undefined where it has. */
export async function showPush(
  source: PushSource,
  target: FleetTarget,
  { full }: Pick<PushOptions, 'full'>,
  print: (batch: string) => void,
): Promise<string | undefined> {
  try {
    if (isOtlp(target)) await showOtlp(source, target, { full }, print);
    else showBatches(createJob(source, target, { full }), print);
    return undefined;
  } catch (error) {
    if (error instanceof FleetError) return error.message;
    throw error;
  }
}

/** Sends the batches of a folder to a target. */
export async function pushSpooled(
  source: Pick<PushSource, 'env' | 'passwordOf'>,
  target: FleetTarget,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<SpoolSent | { readonly failure: string }> {
  if (isOtlp(target)) return { failure: `${target.name} is an OTLP endpoint: --spool is for a PostgreSQL.` };
  const server = openServer(source, target, signal);
  try {
    return await sendSpooled(folder, server);
  } catch (error) {
    if (error instanceof FleetError) return { failure: error.message };
    throw error;
  } finally {
    await server.close();
  }
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** End once nothing has changed and nothing runs for so long; undefined: never. */
  readonly idleMs: number | undefined;
  /** Looks for new past sessions. */
  readonly refresh: () => Promise<void>;
  readonly onOutcome: (outcome: PushOutcome) => void;
}

const POLL_MS = 1000;
/** Between two pushes: what changes meanwhile is sent in one batch. */
const SPACING_MS = 10_000;
const REFRESH_MS = 60_000;
/** A watch that ends by itself gives up on a target that cannot be reached for so long. */
const PATIENCE_MS = 900_000;

/** Pushes whenever something has changed, until it is stopped. `busy`: another process watches this database. */
export async function watch(
  source: PushSource,
  targets: readonly FleetTarget[],
  options: WatchOptions,
): Promise<'ended' | 'busy'> {
  const lock = takeLock(source.database, 'watch');
  if (!lock) return 'busy';
  try {
    await watchAlone(source, targets, options);
    return 'ended';
  } finally {
    lock.release();
  }
}

async function watchAlone(source: PushSource, targets: readonly FleetTarget[], options: WatchOptions): Promise<void> {
  const { connection } = source;
  const { signal, idleMs } = options;
  const states = targets.map((target) => ({ target, dueMs: 0, failures: 0 }));
  let [changedAtMs, refreshedAtMs, version] = [Date.now(), Date.now(), readVersion(connection)];
  while (!signal.aborted) {
    for (const state of states) {
      if (Date.now() < state.dueMs || !hasWork(connection, state.target.name)) continue;
      const outcome = await push(source, state.target, { full: false, waitMs: 0, signal });
      options.onOutcome(outcome);
      state.failures = outcome.kind === 'failed' ? state.failures + 1 : 0;
      state.dueMs = Date.now() + (state.failures > 0 ? chooseDelay(state.failures - 1) : SPACING_MS);
    }
    if (Date.now() - refreshedAtMs > REFRESH_MS && idleMs === undefined) {
      await options.refresh();
      refreshedAtMs = Date.now();
    }
    const current = readVersion(connection);
    if (current !== version) [version, changedAtMs] = [current, Date.now()];
    const quietMs = Date.now() - changedAtMs;
    const isDone = states.every(({ target }) => !hasWork(connection, target.name)) || quietMs > PATIENCE_MS;
    if (idleMs !== undefined && quietMs > idleMs && isDone && !isAtWork(connection)) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Returns a number that differs from the last one when another process has changed the database. */
function readVersion(connection: Connection): unknown {
  return connection.pragma('data_version', { simple: true });
}

function hasWork(connection: Connection, name: string): boolean {
  const known = readTarget(connection, name);
  return !known || known.lastError !== null || readBacklog(connection, known).entries > 0;
}

/** Whether a metered run goes on, which will have more to send. */
function isAtWork(connection: Connection): boolean {
  return listOpenInvocations(connection).some((one) => judgeState(one) !== 'killed');
}
