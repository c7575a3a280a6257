import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetTarget } from '../usage/fleet-target.js';
import { abandon, connectTo, explainFault, FleetError } from './connection.js';
import type { PushAnswer, Transport } from './delivery.js';
import type { PushSource } from './job.js';

const GOODBYE_MS = 500;

export interface Server extends Transport {
  close(): Promise<void>;
}

/** The PostgreSQL of a target, which is connected to when the first batch is sent. `signal` ends a batch in its middle. */
export function openServer(
  { env, passwordOf }: Pick<PushSource, 'env' | 'passwordOf'>,
  target: FleetTarget,
  signal: AbortSignal,
): Server {
  let client: ReturnType<typeof connectTo> | undefined;
  const aborted = untilAborted(signal);
  aborted.catch(() => undefined);
  const ask: Server['send'] = async (batch, version): Promise<PushAnswer> => {
    client ??= connectTo(target, { env, password: passwordOf(target), signal });
    const connected = await client;
    try {
      const push = `SELECT codex_metered.push_v${version}($1::jsonb) AS answer`;
      const { rows } = await connected.query<{ answer: PushAnswer }>(push, [batch]);
      return rows[0]?.answer ?? { ok: false, error: 'no answer' };
    } catch (error) {
      throw explainFault(error, target);
    }
  };
  return {
    send: (batch, version) => Promise.race([ask(batch, version), aborted]),
    async close() {
      const connected = signal.aborted ? undefined : await client?.catch(() => undefined);
      if (connected) await Promise.race([connected.end().catch(() => undefined), sleep(GOODBYE_MS)]);
      void client?.then(abandon, () => undefined);
    },
  };
}

/** Rejects with a FleetError when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new FleetError('The time for the push is over.', 'passing'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
