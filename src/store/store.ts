import type { Spent } from '../usage/budget.js';
import type { Change, InvocationStatus } from '../usage/record.js';
import type { RecordedBefore } from '../usage/resumed-total.js';
import {
  assignResponses,
  assignThreads,
  combineReassigned,
  findAssignedElsewhere,
  type Reassigned,
  type ResponseRef,
  replaceStandIns,
} from './assignment/assign.js';
import { mayStandIn, type Window } from './assignment/rule.js';
import { bucketStartOf } from './bucket-tally.js';
import { refreshBuckets } from './buckets.js';
import { refreshCostRecords } from './cost-records.js';
import { confirmInFile, identifyFile } from './file.js';
import {
  insertInvocation,
  insertNote,
  listOpenInvocations,
  type OpenInvocation,
  readStatus,
  readThreadKnownBy,
  updateInvocation,
} from './invocations.js';
import { type Connection, explainingFaults, type OpenOptions, openConnection } from './open.js';
import { unpackThreads } from './packs.js';
import { upsertRateLimit } from './rate-limits.js';
import { type BeforeQuery, readRecordedBefore, upsertResponse } from './responses.js';
import { readSpentInPeriod, readSpentInRun, type SpentQuery } from './spent.js';

export type { Change };

/** The database of what was metered. Every method throws a StoreError. */
export interface Store {
  readonly path: string;
  /** For the reports, which only read. */
  readonly connection: Connection;
  /**
   * Records `change` in one transaction, creating the invocation when it is new, and brings cost records and buckets up to
   * date. Responses are assigned by the rule of `assignment/rule.ts`; `window` says when the invocation ran where that is known
   * more exactly than the change says it. Returns the invocation's iteration.
   */
  record(change: Change, window?: Window): number;
  /** The invocations whose end is not recorded: they run, or their meter died. */
  listOpenInvocations(): OpenInvocation[];
  /** Undefined for an invocation that is not recorded. */
  readStatus(invocationId: string): InvocationStatus | undefined;
  /** What is recorded of a thread, but not for the invocation. */
  readRecordedBefore(query: BeforeQuery): RecordedBefore;
  /** Which of the responses that an invocation has recorded are assigned to others; by their indexes. */
  findAssignedElsewhere(invocationId: string, responses: readonly ResponseRef[]): number[];
  /** The invocations whose cost records have changed since the last call: a response can go over from one to another. */
  takeChanged(): string[];
  /** Throws where the file would not give an invocation to another process. */
  confirm(invocationId: string): void;
  /** What other invocations have spent: in the run, or in the project on the day. */
  readSpent(scope: 'run' | 'day', query: SpentQuery): Spent;
  /** False once the file was deleted or replaced: what is written then is seen by nobody. */
  isInPlace(): boolean;
  /** Another number than before when another connection has changed anything. Costs microseconds. */
  readVersion(): number;
  close(): void;
}

/** Opens the store at `path`, creating it in `write` mode. Throws a StoreError. */
export function openStore(path: string, options: OpenOptions): Store {
  const connection = openConnection(path, options);
  const opened = identifyFile(path);
  const changed = new Set<string>();
  const apply = connection.transaction((change: Change, window: Window | undefined): number => {
    const iteration = insertInvocation(connection, change.invocation);
    const wasNamed = readThreadKnownBy(connection, change.invocation.id) === 'output';
    if (change.update) updateInvocation(connection, change.invocation.id, change.update);
    const moved = recordResponses(connection, change, { wasNamed, window });
    refreshBuckets(connection, new Set(moved.atMs.map(bucketStartOf)));
    for (const id of moved.invocationIds) changed.add(id);
    for (const limit of change.rateLimits ?? []) upsertRateLimit(connection, limit);
    for (const note of change.notes ?? []) insertNote(connection, change.invocation.id, note);
    return iteration;
  });
  return {
    path,
    connection,
    record: (change, window) => explainingFaults(path, () => apply.immediate(change, window)),
    listOpenInvocations: () => explainingFaults(path, () => listOpenInvocations(connection)),
    readStatus: (invocationId) => explainingFaults(path, () => readStatus(connection, invocationId)),
    readRecordedBefore: (query) => explainingFaults(path, () => readRecordedBefore(connection, query)),
    readSpent: (scope, query) =>
      explainingFaults(path, () => (scope === 'run' ? readSpentInRun : readSpentInPeriod)(connection, query)),
    findAssignedElsewhere: (invocationId, responses) =>
      explainingFaults(path, () => findAssignedElsewhere(connection, invocationId, responses)),
    takeChanged() {
      const ids = [...changed];
      changed.clear();
      return ids;
    },
    confirm: (invocationId) => confirmInFile(path, invocationId),
    isInPlace: () => identifyFile(path) === opened,
    readVersion: () => explainingFaults(path, () => connection.pragma('data_version', { simple: true }) as number),
    close: () => connection.close(),
  };
}

/** Records the responses of a change, and assigns anew what that concerns. */
function recordResponses(
  connection: Connection,
  { invocation: { id }, update, responses = [] }: Change,
  { wasNamed, window }: { readonly wasNamed: boolean; readonly window: Window | undefined },
): Reassigned {
  const threadIds = new Set(responses.map(({ threadId }) => threadId));
  unpackThreads(connection, threadIds);
  const written = responses.flatMap((response) => upsertResponse(connection, id, response) ?? []);
  const isOver = update?.endedAtMs !== undefined;
  const isNamed = update?.threadKnownBy === 'output' && !wasNamed;
  const standsIn = responses.some(({ evidence }) => mayStandIn(evidence));
  const touched = new Set(written.flatMap(({ invocationIds }) => invocationIds));
  for (const invocationId of touched) refreshCostRecords(connection, invocationId);
  return combineReassigned([
    { atMs: written.map(({ completedAtMs }) => completedAtMs), invocationIds: [...touched] },
    isOver || isNamed || standsIn ? assignResponses(connection, id, window) : replaceStandIns(connection, id),
    assignThreads(connection, threadIds, id),
  ]);
}
