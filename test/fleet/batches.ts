import { createHash, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { COUNTERS, RESPONSE_COUNTERS } from '../../src/usage/counters.js';

/** One response of a batch, as push_v1 takes it. */
export type SentResponse = Record<string, unknown> & { readonly id: string; readonly revision: number };
export type SentInvocation = Record<string, unknown> & { readonly id: string; readonly revision: number };

export const NOON = Date.UTC(2026, 10, 14, 12);

/** The id of a response: a UUID of version 8 that begins with a time. */
export function responseId(name: string, atMs = NOON): string {
  const time = atMs.toString(16).padStart(12, '0');
  const rest = createHash('sha256').update(name).digest('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-8${rest.slice(0, 3)}-a${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

/** A response with plausible counts, and what a test is about. */
export function response(name: string, given: Record<string, unknown> = {}): SentResponse {
  const atMs = Number(given['completed_at_ms'] ?? NOON);
  return {
    ...{
      id: responseId(name, atMs),
      invocation: null,
      user: 'ada',
      project: 'shop',
      model: 'gpt-5.3-codex',
      provider: 'codex',
    },
    ...{ tier: null, evidence: 'usage_record', source: 'actual', cost_nano_usd: 1000, completed_at_ms: atMs },
    ...{ phase: null, run: null, iteration: null, thread: null, revision: 1 },
    ...Object.fromEntries(RESPONSE_COUNTERS.map(({ column }, place) => [column, 100 - 10 * place])),
    ...given,
  };
}

export function invocation(id: string, given: Record<string, unknown> = {}): SentInvocation {
  return {
    ...{ id, user: 'ada', project: 'shop', run: 'r1', phase: 'builder', iteration: 1, status: 'completed' },
    ...{ started_at_ms: NOON, ended_at_ms: NOON + 60_000, exit_code: 0, signal: null, codex_version: '0.171.0' },
    ...{ ci: null, labels: {}, tags: {}, revision: 1 },
    ...given,
  };
}

export interface Sent {
  readonly invocations?: readonly SentInvocation[];
  readonly responses?: readonly SentResponse[];
  readonly gone?: readonly { readonly id: string; readonly evidence: string; readonly revision: number }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly sent_at_ms?: number;
}

export interface Answer {
  readonly ok: boolean;
  readonly error?: string;
  readonly accepted?: { readonly responses: number; readonly invocations: number; readonly gone: number };
  readonly ignored?: { readonly pruned: number };
  readonly server_time_ms?: number;
}

/** Sends a batch as it stands. */
export async function push(client: pg.ClientBase, batch: object): Promise<Answer> {
  const { rows } = await client.query<{ answer: Answer }>('SELECT codex_metered.push_v1($1::jsonb) AS answer', [
    JSON.stringify(batch),
  ]);
  if (!rows[0]) throw new Error('push_v1 gave no answer');
  return rows[0].answer;
}

/** A store that pushes: it makes the nonces of its batches, and keeps the last one that the server has confirmed. */
export class TestStore {
  readonly uid: string = randomUUID();
  nonce: string | null = null;

  constructor(readonly host = 'laptop') {}

  batch(sent: Sent): Record<string, unknown> & { readonly next_nonce: string } {
    const { uid: store, nonce, host } = this;
    const about = { v: 1, store, nonce, next_nonce: randomUUID(), host, platform: 'linux', version: '0.2.0' };
    return { ...about, sent_at_ms: Date.now(), ...sent };
  }

  async push(client: pg.ClientBase, sent: Sent): Promise<Answer> {
    const batch = this.batch(sent);
    const answer = await push(client, batch);
    if (answer.ok) this.nonce = batch.next_nonce;
    return answer;
  }
}

/** The sums of a table: what `usage_15m`, `usage_day` and `responses` must have in common. */
export async function sumUp(client: pg.ClientBase, table: string): Promise<Record<string, string>> {
  const of = (column: string, as = column) => `coalesce(sum(${column}), 0)::text AS ${as}`;
  const counters = COUNTERS.map(({ column }) => of(column)).join(', ');
  const counts = table.startsWith('usage')
    ? `${of('responses')}, ${of('unpriced_responses')}`
    : `${of('coalesce(responses, 1)', 'responses')}, coalesce(sum(coalesce(unpriced_responses, (cost_nano_usd IS NULL OR partial)::int)), 0)::text
        AS unpriced_responses`;
  const where = table === 'responses of invocations' ? 'WHERE invocation IS NOT NULL' : '';
  const from = table === 'responses of invocations' ? 'responses' : table;
  const { rows } = await client.query<Record<string, string>>(
    `SELECT ${counts}, ${of('cost_nano_usd')}, ${counters} FROM codex_metered.${from} ${where}`,
  );
  return rows[0] ?? {};
}
