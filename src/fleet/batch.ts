import { createHmac } from 'node:crypto';
import type { OutboxInvocation, OutboxResponse, OutboxRows } from '../store/outbox-rows.js';
import type { WholeInvocation } from '../store/whole-invocations.js';
import { RESPONSE_COUNTERS } from '../usage/counters.js';
import { type Detail, type FleetTarget, MOST_LABELS } from '../usage/fleet-target.js';
import { toResponseId } from '../usage/response-id.js';
import { type InvocationSum, sumUp } from './invocation-sums.js';

/** The version of the form of a batch, which the server's function push_v1 or push_v2 takes: sums of invocations are new in 2. */
export type BatchVersion = 1 | 2;

export function versionFor(detail: Detail): BatchVersion {
  return detail === 'responses' ? 1 : 2;
}

/** A row of a batch, as it is sent. */
export interface WireRow {
  readonly kind: 'invocation' | 'response' | 'gone';
  readonly id: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** What a batch says of its sender. */
export interface BatchHead {
  readonly v: BatchVersion;
  readonly store: string;
  readonly nonce: string | null;
  readonly nextNonce: string;
  readonly host: string;
  readonly platform: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Writes a batch: what push_v1 is called with, to the byte. */
export function writeBatch(head: BatchHead, rows: readonly WireRow[]): string {
  const of = (kind: WireRow['kind']) => rows.filter((row) => row.kind === kind).map(({ value }) => value);
  return JSON.stringify({
    v: head.v,
    store: head.store,
    nonce: head.nonce,
    next_nonce: head.nextNonce,
    sent_at_ms: Date.now(),
    host: head.host,
    platform: head.platform,
    version: head.version,
    labels: head.labels,
    invocations: of('invocation'),
    responses: of('response'),
    gone: of('gone'),
  });
}

/** The settings of a target that decide which rows it is sent, and what is in them. */
export interface RowRules
  extends Pick<FleetTarget, 'user' | 'labels' | 'projects' | 'except' | 'detail' | 'names' | 'sendThreads'> {
  /** Whether past sessions are sent too. */
  readonly history: boolean;
  /** The key of hashed names. */
  readonly namesKey: string | undefined;
}

/** Makes the rows that a target is to have of what has changed. */
export function toWireRows({ invocations, responses, gone }: OutboxRows, rules: RowRules): WireRow[] {
  const name = createNamer(rules);
  return [
    ...invocations.filter((row) => isSent(row, rules)).map((row) => toInvocation(row, rules, name)),
    ...responses.filter((row) => isSent(row, rules)).map((row) => toResponse(row, rules, name)),
    ...gone.map((row): WireRow => {
      const id = toResponseId(row);
      return { kind: 'gone', id, value: { id, evidence: row.evidence, revision: row.seq } };
    }),
  ];
}

/** Makes the rows that a target is to have of invocations where it is sent their sums. */
export function toSumRows(invocations: readonly WholeInvocation[], rules: RowRules): WireRow[] {
  const name = createNamer(rules);
  return invocations
    .filter((row) => isSent(row, rules))
    .map((row) => {
      const { value, ...wire } = toInvocation(row, rules, name);
      return { ...wire, value: { ...value, sums: sumUp(row) } };
    });
}

/** How many responses rows stand for. */
export function countResponses(rows: readonly WireRow[]): number {
  const summed = rows.flatMap(({ value }) => (value.sums ?? []) as InvocationSum[]);
  const singles = rows.filter(({ kind }) => kind === 'response').length;
  return summed.reduce((count, { responses }) => count + responses, singles);
}

function isSent({ isPast, projectId }: Pick<OutboxResponse, 'isPast' | 'projectId'>, rules: RowRules): boolean {
  const isWanted = rules.projects?.includes(projectId) ?? !rules.except.includes(projectId);
  return isWanted && (rules.history || isPast === 0);
}

/** Writes a name as the target may know it. `nothing` stands for it where names are not sent. */
export type Namer = (name: string, nothing?: string) => string;

const DIGEST_LENGTH = 16;

export function createNamer({ names, namesKey = '' }: Pick<RowRules, 'names' | 'namesKey'>): Namer {
  if (names === 'plain') return (name) => name;
  if (names === 'none') return (_name, nothing = '') => nothing;
  return (name) => {
    return name === '' ? '' : createHmac('sha256', namesKey).update(name).digest('hex').slice(0, DIGEST_LENGTH);
  };
}

/** Names within a table of keys and values: the keys stay, the values are names. */
export function nameValues(table: Readonly<Record<string, string>>, name: Namer): Record<string, string> {
  const named = Object.entries(table).map(([key, value]): [string, string] => [key, name(value)]);
  return Object.fromEntries(named.filter(([, value]) => value !== ''));
}

function toInvocation(row: OutboxInvocation, rules: RowRules, name: Namer): WireRow {
  const { user, labels = {}, ci } = row.surroundings;
  return {
    kind: 'invocation',
    id: row.id,
    value: {
      id: row.id,
      user: name(user ?? rules.user ?? ''),
      project: name(row.projectId, 'default'),
      run: name(row.runId, 'default'),
      phase: row.phase,
      iteration: row.iteration,
      status: row.status,
      started_at_ms: row.startedAtMs,
      ended_at_ms: row.endedAtMs,
      exit_code: row.exitCode,
      signal: row.signal,
      codex_version: row.codexVersion,
      ci: ci === undefined ? null : { ...nameValues({ ...ci }, name), system: ci.system },
      labels: nameValues(limitLabels({ ...labels, ...rules.labels }), name),
      tags: nameValues(row.tags, name),
      revision: row.seq,
    },
  };
}

/** Bounds the number of labels. A run can inherit many from its surroundings; those of the target are the last ones, and stay. */
export function limitLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).slice(-MOST_LABELS));
}

function toResponse(row: OutboxResponse, rules: RowRules, name: Namer): WireRow {
  const id = toResponseId(row);
  const counters = RESPONSE_COUNTERS.map((counter): [string, number] => [counter.column, row[counter.name]]);
  return {
    kind: 'response',
    id,
    value: {
      id,
      invocation: row.invocationId,
      user: name(row.surroundings.user ?? rules.user ?? ''),
      project: name(row.projectId, 'default'),
      model: row.model,
      provider: row.provider,
      tier: row.serviceTier,
      ...Object.fromEntries(counters),
      evidence: row.evidence,
      source: row.source,
      cost_nano_usd: row.costNanoUsd,
      cost_extent: row.costExtent,
      completed_at_ms: row.completedAtMs,
      phase: row.phase,
      run: row.runId === null ? null : name(row.runId, 'default'),
      iteration: row.iteration,
      thread: rules.sendThreads ? row.threadId : null,
      revision: row.seq,
    },
  };
}
