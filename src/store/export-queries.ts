import { COUNTERS, RESPONSE_COUNTERS, type ResponseCounterName, type TokensJson } from '../usage/counters.js';
import type { Provider } from '../usage/provider.js';
import type { CostExtent } from '../usage/record.js';
import { selectCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import { responsesBetween } from './packs.js';
import { dayOf, type OffsetChange, type UsageFilter } from './period-queries.js';
import { conditionsOf, isModel, joinInvocationAndThread, PROJECT } from './sql.js';
import { isTagged, selectTags } from './tags.js';

/** A response with its project, run and session. What is not known is null. */
export interface ExportedResponse extends TokensJson {
  readonly completedAtMs: number;
  readonly provider: string;
  readonly projectId: string;
  readonly runId: string | null;
  readonly phase: string | null;
  readonly iteration: number | null;
  readonly sessionId: string;
  readonly threadId: string;
  readonly responseKey: string;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly source: string;
  readonly evidence: string;
  readonly costNanoUsd: number | null;
  readonly costExtent: CostExtent;
  /** JSON: an object of keys and values. */
  readonly tags: string;
}

/** The responses that `filter` lets through, one after the other, in order of time. */
export function iterateResponses(connection: Connection, filter: UsageFilter): IterableIterator<ExportedResponse> {
  return connection
    .prepare<[UsageFilter], ExportedResponse>(
      `SELECT r.completed_at_ms AS completedAtMs, r.provider, ${PROJECT} AS projectId, i.run_id AS runId, i.phase,
         i.iteration, coalesce(i.thread_id, t.root_id, r.thread_id) AS sessionId, r.thread_id AS threadId,
         r.response_key AS responseKey, r.model, r.service_tier AS serviceTier, r.source, r.evidence,
         ${COUNTERS.map(({ column, json }) => `r.${column} AS ${json}`).join(', ')}, r.cost_nano_usd AS costNanoUsd, r.cost_extent AS costExtent,
         ${selectTags('r')} AS tags
       FROM ${selectFrom(filter)} ORDER BY r.completed_at_ms, r.id`,
    )
    .iterate(filter);
}

/** A response with what its cost is made of. `price` and `fees` are JSON. */
export interface ChargedRow extends Readonly<Record<ResponseCounterName, number>> {
  /** Days since 1970-01-01, of the time zone of the offsets. */
  readonly day: number;
  readonly provider: Provider;
  readonly projectId: string;
  readonly model: string;
  readonly source: string;
  readonly costNanoUsd: number | null;
  readonly price: string | null;
  readonly fees: string | null;
}

/** The responses that `filter` lets through, one after the other, with what their cost is made of. */
export function iterateCharged(
  connection: Connection,
  filter: UsageFilter,
  offsets: readonly OffsetChange[],
): IterableIterator<ChargedRow> {
  return connection
    .prepare<[UsageFilter], ChargedRow>(
      `SELECT ${dayOf('r.completed_at_ms', offsets)} AS day, r.provider, ${PROJECT} AS projectId, r.model, r.source,
         ${selectCounters('r', RESPONSE_COUNTERS)}, r.cost_nano_usd AS costNanoUsd, r.price, r.fees
       FROM ${selectFrom(filter)}`,
    )
    .iterate(filter);
}

/** SQL: the responses `r` that `filter` lets through, their invocations `i` and threads `t`. */
function selectFrom(filter: UsageFilter): string {
  const conditions = conditionsOf(filter, {
    provider: 'r.provider = @provider',
    projectId: `${PROJECT} = @projectId`,
    model: isModel('r.model'),
    tags: isTagged('r'),
  });
  return `${responsesBetween(filter)} r ${joinInvocationAndThread('r')} WHERE ${conditions}`;
}
