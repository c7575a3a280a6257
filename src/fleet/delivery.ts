import { type BatchHead, type BatchVersion, type WireRow, writeBatch } from './batch.js';
import { FleetError } from './connection.js';

/** What push_v1 answers. */
export type PushAnswer =
  | {
      readonly ok: true;
      readonly server_time_ms?: number | null;
      /** The invocations of which it has single responses, and so has not taken the sums. */
      readonly singles?: readonly string[];
    }
  | { readonly ok: false; readonly error: string };

/** What takes a batch: a server, or a folder. Throws a FleetError. */
export interface Transport {
  send(batch: string, version: BatchVersion): Promise<PushAnswer>;
}

/** The id and the nonces under which batches are sent, one after the other. */
export interface Chain {
  readonly store: string;
  readonly nonce: string | null;
  /** The nonce of the next batch: the same one until it is confirmed. */
  next(): string;
  confirm(nonce: string, clockSkewMs: number | null): void;
}

/** The target does not know the nonce: this database was copied or restored. */
export class UnknownNonceError extends Error {
  override readonly name = 'UnknownNonceError';
}

export interface Delivery {
  readonly chain: Chain;
  readonly transport: Transport;
  readonly head: Pick<BatchHead, 'v' | 'host' | 'platform' | 'version' | 'labels'>;
  /** Called with the rows that the target has taken. */
  accepted(rows: readonly WireRow[]): void;
  /** Called with a row that it refuses. */
  refused(row: WireRow, reason: string): void;
  /** Adds to an invocation which single responses its sums replace. Undefined where nobody here knows that. */
  readonly replacing?: (row: WireRow) => WireRow;
}

/** How often a batch is sent again at once after the server has ended it because of another push. */
const MOST_COLLISIONS = 5;
const COLLISION = /^40(?:P01|001)$/;

/**
 * Sends rows as one batch. Where the target refuses it, halves are sent, down to the row that is wrong. Throws an UnknownNonceError,
 * or a FleetError where nothing can be sent now.
 */
export async function deliver(rows: readonly WireRow[], delivery: Delivery): Promise<void> {
  const answer = await sendOnce(rows, delivery);
  if (typeof answer !== 'string') return finish(rows, new Set(answer), delivery);
  const [first] = rows;
  if (first !== undefined && rows.length === 1) return delivery.refused(first, answer);
  const middle = Math.ceil(rows.length / 2);
  await deliver(rows.slice(0, middle), delivery);
  await deliver(rows.slice(middle), delivery);
}

/** Sends the sums again that were not taken, each with what it replaces, one by one: an invocation can have had many responses. */
async function finish(rows: readonly WireRow[], singles: ReadonlySet<string>, delivery: Delivery): Promise<void> {
  delivery.accepted(rows.filter(({ id }) => !singles.has(id)));
  for (const row of rows.filter(({ id }) => singles.has(id))) {
    if (delivery.replacing) await deliver([delivery.replacing(row)], delivery);
    else
      delivery.refused(row, 'it has single responses of this invocation, which only a push from its machine replaces');
  }
}

/** Returns the invocations whose sums were not taken, or why the target refuses one of the rows. */
async function sendOnce(
  rows: readonly WireRow[],
  { chain, transport, head }: Delivery,
): Promise<readonly string[] | string> {
  const nextNonce = chain.next();
  const { store, nonce } = chain;
  for (let collisions = 0; ; collisions++) {
    const sentAtMs = Date.now();
    try {
      const answer = await transport.send(writeBatch({ ...head, store, nonce, nextNonce }, rows), head.v);
      if (!answer.ok) throw explainAnswer(answer.error);
      chain.confirm(nextNonce, measureSkew(answer.server_time_ms, sentAtMs));
      return answer.singles ?? [];
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      if (error.kind === 'refused' && rows.length > 0) return error.message;
      const { code = '' } = (error.cause ?? {}) as { code?: string };
      if (!COLLISION.test(code) || collisions >= MOST_COLLISIONS) throw error;
    }
  }
}

function explainAnswer(error: string): Error {
  if (error === 'unknown_nonce') return new UnknownNonceError(error);
  if (error === 'unsupported_version') {
    return new FleetError(
      'The schema of the target is of another version: update codex-metered, or run codex-usage fleet init.',
      'setup',
    );
  }
  return new FleetError(`The target answers "${error}".`, 'setup');
}

/** How far this clock is ahead, by the middle of the time that the answer took. */
function measureSkew(serverTimeMs: number | null | undefined, sentAtMs: number): number | null {
  if (typeof serverTimeMs !== 'number') return null;
  return Math.round((sentAtMs + Date.now()) / 2 - serverTimeMs);
}
