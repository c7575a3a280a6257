import { createHash } from 'node:crypto';
import { messageOf } from '../errors.js';
import { type OtlpTarget, readOtlpTarget } from '../metrics/otlp-target.js';
import {
  advanceCursor,
  beginTarget,
  confirmNonce,
  iterateAll,
  listEntries,
  noteFailure,
  noteTarget,
  readLastNumber,
  readTarget,
} from '../store/outbox.js';
import type { FleetTarget } from '../usage/fleet-target.js';
import { limitLabels } from './batch.js';
import { FleetError } from './connection.js';
import type { PushSource } from './job.js';

/*
 * An OTLP endpoint as a target. It is sent the sums of the record, as `codex-usage metrics --otlp` sends them, and with `logs` each
 * response that is new or has changed.
 */

/** What was sent to an OTLP endpoint. */
export interface OtlpSent {
  readonly points: number;
  readonly logRecords: number;
  /** Points and records that the collector does not want, and why. */
  readonly rejected: number;
  readonly rejectedBecause: string;
}

interface OtlpOptions {
  readonly full: boolean;
  readonly onProgress?: (sent: number) => void;
}

/** Pushes to an OTLP endpoint. Throws a FleetError, and notes it with the target. */
export async function pushOtlp(
  { connection, database, ...source }: PushSource,
  target: FleetTarget,
  { full, onProgress = () => undefined }: OtlpOptions,
): Promise<OtlpSent> {
  const otlp = describeTarget(source, target);
  const { name, logs } = target;
  const settings = digestSettings(target);
  const known = readTarget(connection, name);
  // Sums are always all that there is, so the outbox matters to single responses alone.
  if (!logs) noteTarget(connection, { name, settings });
  else if (!known || known.settings !== settings || full) beginTarget(connection, { name, settings });
  const last = readLastNumber(connection);
  // It takes a while to load, which a push to a PostgreSQL need not wait for.
  const { exportOtlp } = await import('../metrics/otlp.js');
  const { problem, ...sent } = await exportOtlp({ connection, path: database }, otlp, onProgress);
  if (problem !== undefined) {
    noteFailure(connection, name, problem);
    throw new FleetError(`${name}: ${problem}.`, 'passing');
  }
  advanceCursor(connection, name, logs ? 0 : last);
  confirmNonce(connection, name, { nonce: 'otlp', clockSkewMs: null });
  return sent;
}

/** Calls `print` with what a push to an OTLP endpoint would send. Changes nothing. Throws a FleetError. */
export async function showOtlp(
  { connection, database, ...source }: PushSource,
  target: FleetTarget,
  { full }: Pick<OtlpOptions, 'full'>,
  print: (line: string) => void,
): Promise<void> {
  const { previewOtlp } = await import('../metrics/otlp.js');
  const known = readTarget(connection, target.name);
  const isAll = full || known?.settings !== digestSettings(target);
  const entries = isAll ? iterateAll(connection) : listEntries(connection, known.cursor, Number.MAX_SAFE_INTEGER);
  previewOtlp({ connection, path: database }, describeTarget(source, target), [...entries], print);
}

function describeTarget(
  { env, version }: Pick<PushSource, 'env' | 'version'>,
  { name, url, logs, conventions, allowInsecure, user, labels }: FleetTarget,
): OtlpTarget {
  try {
    const resource = { ...limitLabels(labels), ...(user !== undefined && { 'user.name': user }) };
    return readOtlpTarget({ url, conventions, logs, allowInsecure, version, resource, outboxName: name }, env);
  } catch (error) {
    throw new FleetError(`${name}: ${messageOf(error)}`, 'setup');
  }
}

function digestSettings({ url, logs, conventions }: FleetTarget): string {
  return createHash('sha256')
    .update(JSON.stringify([url, logs, conventions]))
    .digest('hex')
    .slice(0, 32);
}
