import { randomUUID } from 'node:crypto';
import { UNKNOWN_MODEL } from '../agents/codex/thread-state.js';
import { parseApiUsage } from '../agents/openai/usage.js';
import { UsageError } from '../errors.js';
import { isPossibleTime } from '../usage/count.js';
import type { InvocationStatus, ModelResponse } from '../usage/record.js';
import type { Usage } from '../usage/usage.js';
import { type ResolvedContext, resolveContext, type UsageContext } from './context.js';
import { type AvailableEvidence, type FoundUsage, findUsage, type Texts } from './evidence.js';
import { type RecordedUsage, recordStep } from './record-step.js';

/** The counts of one model call, in any of the forms that programs pass on: see docs/library.md. */
export type UsageLike = Partial<Usage> | Readonly<Record<string, unknown>>;

/** One call of a model that a program made itself. */
export interface UsageRecord extends UsageContext {
  readonly model?: string | undefined;
  /** The counts that the API reported. */
  readonly usage?: UsageLike | null | undefined;
  /** What the model was given to read; counted by a tokenizer where there is no `usage`. Never stored. */
  readonly input?: string | readonly string[] | undefined;
  /** What the model answered; likewise. */
  readonly output?: string | readonly string[] | undefined;
  /** The API's id of the response: one that has been recorded under it is not counted again. */
  readonly responseId?: string | undefined;
  /** `priority`, `flex`, …, as the API names it. */
  readonly serviceTier?: string | undefined;
  /** Epoch milliseconds. Default: now. */
  readonly completedAtMs?: number | undefined;
}

/**
 * Records what one model call used: its `usage`, or else an estimate from its texts, or else that nothing is known.
 * Rejects with a UsageError for a context that makes no sense, and for nothing else.
 */
export async function recordUsage(record: UsageRecord): Promise<RecordedUsage> {
  const { model, usage, input, output } = record;
  const completedAtMs = readTime(record.completedAtMs);
  const texts = input === undefined && output === undefined ? undefined : toTexts(input, output);
  return recordCall(resolveContext(record, completedAtMs), {
    ...{ texts, model, completedAtMs },
    command: 'model call',
    startedAtMs: completedAtMs,
    status: 'completed',
    counted: usage ? parseApiUsage(usage) : undefined,
    responseId: record.responseId,
    serviceTier: record.serviceTier,
  });
}

/** Clocks of high resolution tell fractions of a millisecond. */
function readTime(given = Date.now()): number {
  const atMs = Math.round(given);
  if (isPossibleTime(atMs)) return atMs;
  throw new UsageError(`${given} is not a time: use epoch milliseconds such as Date.now() gives.`);
}

/** A model call as far as it is known once it has ended. */
export interface Call extends AvailableEvidence {
  readonly model: string | undefined;
  readonly command: string;
  readonly startedAtMs: number;
  readonly completedAtMs: number;
  readonly status: InvocationStatus;
  readonly responseId: string | undefined;
  readonly serviceTier: string | undefined;
}

/**
 * Finds what a call used and records it, after the calls that ended before it: an estimate takes longer than counts that were
 * reported, and the database numbers iterations in the order in which it hears of them. Rejects as `resolved` does, and for
 * nothing else.
 */
export function recordCall(resolved: Promise<ResolvedContext>, call: Call): Promise<RecordedUsage> {
  const { command, startedAtMs, status } = call;
  return inTurn(Promise.all([resolved, findUsage(call)]), ([context, { notes, ...found }]) =>
    recordStep({ context, command, startedAtMs, status, notes, response: found.usage && toResponse(call, found) }),
  );
}

function toResponse(
  { model, serviceTier, completedAtMs, responseId }: Call,
  found: Omit<FoundUsage, 'notes'>,
): ModelResponse {
  return {
    ...found,
    provider: 'openai',
    threadId: 'openai',
    key: responseId ?? `call:${randomUUID()}`,
    turnId: undefined,
    rootTurnId: undefined,
    model: model ?? UNKNOWN_MODEL,
    serviceTier,
    completedAtMs,
  };
}

let before: Promise<unknown> = Promise.resolve();

/**
 * Calls `record` with what was `found` once everything that came earlier has been given to its own. It does not wait for that
 * to be written: a database that is locked would hold up each of them after the other.
 */
function inTurn<Found, Recorded>(
  found: Promise<Found>,
  record: (found: Found) => Promise<Recorded>,
): Promise<Recorded> {
  const turn = Promise.allSettled([before, found]);
  before = turn;
  return turn.then(() => found).then(record);
}

export function toTexts(input: UsageRecord['input'], output: UsageRecord['output']): Texts {
  const list = (value: UsageRecord['input']) => (typeof value === 'string' ? [value] : [...(value ?? [])]);
  const read = list(input);
  return { input: read, output: list(output), messages: read.length, unseen: false, isLeft: false };
}
