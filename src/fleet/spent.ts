import { NOTHING_SPENT, type Period, type Spent } from '../usage/budget.js';
import type { FleetTarget } from '../usage/fleet-target.js';
import { createNamer } from './batch.js';
import { abandon, type Credentials, connectTo } from './connection.js';
import { readNamesKey } from './job.js';
import { explainRead, readAccess } from './pull.js';

export interface FleetQuestion extends Credentials {
  readonly projectId: string;
  readonly periods: readonly Period[];
  /** How long to wait for the answer. */
  readonly patienceMs: number;
}

/**
 * Asks the sums of a fleet what was spent in a project in each of the periods. Returns a text that says why there is no answer, where
 * there is none or it takes too long.
 */
export async function askFleetSpent(target: FleetTarget, question: FleetQuestion): Promise<readonly Spent[] | string> {
  const access = readAccess(target);
  let timer: NodeJS.Timeout | undefined;
  const over = new AbortController();
  let connected: Awaited<ReturnType<typeof connectTo>> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(
      () => resolve(`${target.name} has not answered within ${question.patienceMs} ms`),
      question.patienceMs,
    );
  });
  const ask = async () => {
    const name = createNamer({ names: target.names, namesKey: readNamesKey(target) });
    const client = await connectTo(access, { ...question, signal: over.signal });
    if (over.signal.aborted) abandon(client);
    connected = client;
    return Promise.all(
      question.periods.map(async ({ startMs, endMs }): Promise<Spent> => {
        const values = [name(question.projectId, 'default'), startMs, endMs];
        const { rows } = await client.query<Record<keyof Spent, string>>(SPENT, values);
        const [row] = rows;
        if (!row) return NOTHING_SPENT;
        return {
          nanoUsd: Number(row.nanoUsd),
          tokens: Number(row.tokens),
          unpricedResponses: Number(row.unpricedResponses),
          inexactResponses: Number(row.inexactResponses),
        };
      }),
    );
  };
  try {
    return await Promise.race([ask().catch((error: unknown) => explainRead(error, access)), late]);
  } finally {
    over.abort();
    clearTimeout(timer);
    if (connected) abandon(connected);
  }
}

const SPENT = `
  SELECT coalesce(sum(s.cost_nano_usd), 0) AS "nanoUsd", coalesce(sum(s.input_tokens + s.output_tokens), 0) AS tokens,
    coalesce(sum(s.unpriced_responses), 0) AS "unpricedResponses",
    coalesce(sum(s.responses) FILTER (WHERE s.source <> 'actual'), 0) AS "inexactResponses"
  FROM codex_metered.usage_15m s JOIN codex_metered.projects p ON p.id = s.project
  WHERE p.name = $1 AND s.start >= to_timestamp($2::bigint / 1000.0) AND s.start < to_timestamp($3::bigint / 1000.0)`;
