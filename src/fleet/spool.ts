import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { makeFolder } from '../files/folders.js';
import { readRegularFile, replaceFile } from '../files/regular-file.js';
import { countResponses, type WireRow } from './batch.js';
import { FleetError } from './connection.js';
import { type Chain, type Delivery, deliver, type Transport, UnknownNonceError } from './delivery.js';

const NAME = /^batch-.+\.json$/;
const LIMIT_BYTES = 64 * 1024 * 1024;
const NAME_DIGITS = 15;

/** The batches that lie in a folder, in the order in which they were written. */
export function listSpooled(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** A transport that writes batches into a folder, for a machine without a network. */
export function spoolInto(folder: string): Transport {
  makeFolder(folder);
  let written = 0;
  return {
    async send(batch) {
      const order = [Date.now(), ++written].map((part) => String(part).padStart(NAME_DIGITS, '0'));
      try {
        replaceFile(join(folder, `batch-${order.join('-')}.json`), batch, 0o600);
      } catch (error) {
        throw new FleetError(`The folder ${folder} cannot be written: ${messageOf(error)}.`, 'setup');
      }
      return { ok: true };
    },
  };
}

/** A batch as its file holds it. */
interface Spooled {
  readonly chain: Chain;
  readonly head: Delivery['head'];
  readonly rows: readonly WireRow[];
}

export interface SpoolSent {
  readonly batches: number;
  readonly responses: number;
  readonly invocations: number;
  /** The rows that the target refuses; their batches stay in the folder, under another name. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

/** Sends the batches of a folder, and deletes each that the target has taken. Throws a FleetError. */
export async function sendSpooled(folder: string, transport: Transport, onProgress?: () => void): Promise<SpoolSent> {
  const sent = { batches: 0, responses: 0, invocations: 0 };
  const refused: { path: string; reason: string }[] = [];
  for (const path of listSpooled(folder)) {
    let isWhole = true;
    const { chain, ...batch } = readBatch(path);
    const delivery = (own: Chain): Delivery => ({
      ...{ transport, head: batch.head, chain: own },
      accepted(rows) {
        sent.responses += countResponses(rows);
        sent.invocations += rows.filter(({ kind }) => kind === 'invocation').length;
      },
      refused(_row, reason) {
        isWhole = false;
        refused.push({ path: `${path}.refused`, reason });
      },
    });
    await deliverUnder(listChains(chain), (one) => deliver(batch.rows, delivery(one)));
    sent.batches++;
    if (isWhole) rmSync(path);
    else renameSync(path, `${path}.refused`);
    onProgress?.();
  }
  return { ...sent, refused };
}

/**
 * The database may have gone on without a batch, or another of its batches may be missing: then the target does not know its nonce. The rows
 * come from a store of their own then, and count once. It is the same store whenever the batch is sent again, unless it was sent in part.
 */
function listChains(chain: Chain): Chain[] {
  const own = chain.next();
  return [chain, createChain(own, null, own), createChain(randomUUID(), null, randomUUID())];
}

async function deliverUnder(
  [chain, ...others]: readonly Chain[],
  work: (chain: Chain) => Promise<void>,
): Promise<void> {
  if (!chain) throw new FleetError('The target knows no nonce of a batch.', 'setup');
  try {
    await work(chain);
  } catch (error) {
    if (!(error instanceof UnknownNonceError)) throw error;
    await deliverUnder(others, work);
  }
}

function readBatch(path: string): Spooled {
  try {
    const batch = JSON.parse(readRegularFile(path, LIMIT_BYTES).toString('utf8')) as Record<string, unknown>;
    if (batch.v !== 1 && batch.v !== 2) throw new Error(`it is of version ${String(batch.v)}`);
    const of = (key: string, kind: WireRow['kind']) => {
      return (batch[key] as Record<string, unknown>[]).map((value): WireRow => ({ kind, id: String(value.id), value }));
    };
    return {
      chain: createChain(String(batch.store), batch.nonce as string | null, String(batch.next_nonce)),
      head: {
        ...{ v: batch.v, host: String(batch.host), platform: String(batch.platform), version: String(batch.version) },
        labels: batch.labels as Record<string, string>,
      },
      rows: [...of('invocations', 'invocation'), ...of('responses', 'response'), ...of('gone', 'gone')],
    };
  } catch (error) {
    throw new FleetError(`${path} is no batch that this program can send: ${messageOf(error)}.`, 'setup');
  }
}

function createChain(store: string, nonce: string | null, first: string): Chain {
  let [confirmed, next] = [nonce, first];
  return {
    store,
    get nonce() {
      return confirmed;
    },
    next: () => next,
    confirm(taken) {
      [confirmed, next] = [taken, randomUUID()];
    },
  };
}
