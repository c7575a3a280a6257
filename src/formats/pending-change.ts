import * as z from 'zod/mini';
import { BUDGET_SCOPES, BUDGET_UNITS, type Budget, type BudgetLimit, ON_BUDGET } from '../usage/budget.js';
import { isCount, isPossibleCost, isPossibleTime, isPossibleUsage } from '../usage/count.js';
import { COUNTERS, type CounterName } from '../usage/counters.js';
import { PHASES } from '../usage/phase.js';
import { PROVIDERS } from '../usage/provider.js';
import {
  ATTRIBUTION_ORIGINS,
  type Attribution,
  CHANGE_VERSION,
  type Change,
  type CostExtent,
  type Fees,
  type Invocation,
  type InvocationOrigin,
  type InvocationStatus,
  type InvocationUpdate,
  type Note,
  type PricedResponse,
  type RateLimit,
  type ThreadKnownBy,
} from '../usage/record.js';
import { EVIDENCE, SOURCES } from '../usage/source.js';
import { CI_SYSTEMS, type CiJob, type InvocationSurroundings } from '../usage/surroundings.js';
import { type InvocationTag, isPossibleTag, TAG_ORIGINS } from '../usage/tags.js';

export type PendingChange =
  | { readonly kind: 'change'; readonly change: Change }
  /** `reason` has names of fields, never their content. */
  | { readonly kind: 'bad'; readonly reason: string };

/** A schema for each field of `T`. A field without one does not compile. */
type FieldsOf<T> = Record<keyof T, z.ZodMiniType>;

const text = z.string();
const optionalText = z.optional(text);
const count = z.number().check(z.refine(isCount));
const optionalCount = z.optional(count);
const time = z.number().check(z.refine(isPossibleTime));
const optionalTime = z.optional(time);

/** All words of a union. A word that is missing does not compile. */
function word<T extends string>(all: Record<T, true>) {
  return z.enum(Object.keys(all) as T[]);
}

const attributionOrigin = z.enum(ATTRIBUTION_ORIGINS);
const status = word<InvocationStatus>({
  running: true,
  completed: true,
  failed: true,
  interrupted: true,
  abandoned: true,
  'over budget': true,
});
const origin = word<InvocationOrigin>({ metered: true, backfilled: true, recorded: true });
const threadKnownBy = word<ThreadKnownBy>({ output: true, file: true });
const costExtent = word<CostExtent>({ whole: true, partial: true });
const noteKind = word<Note['kind']>({
  fallback: true,
  disagreement: true,
  unreadable: true,
  unpriced: true,
  uncounted: true,
  budget: true,
  fault: true,
});

const attribution = z.strictObject({
  projectId: text,
  runId: text,
  phase: z.enum(PHASES),
  iteration: optionalCount,
  origins: z.strictObject({
    project: attributionOrigin,
    run: attributionOrigin,
    phase: attributionOrigin,
    iteration: attributionOrigin,
  } satisfies FieldsOf<Attribution['origins']>),
} satisfies FieldsOf<Attribution>);

const tag = z
  .strictObject({ key: text, value: text, origin: z.enum(TAG_ORIGINS) } satisfies FieldsOf<InvocationTag>)
  .check(z.refine(isPossibleTag));
const ciJob = z.strictObject({
  system: z.enum(CI_SYSTEMS),
  pipeline: optionalText,
  run: optionalText,
  repository: optionalText,
} satisfies FieldsOf<CiJob>);
const surroundings = z.strictObject({
  user: optionalText,
  ci: z.optional(ciJob),
  labels: z.optional(z.record(text, text)),
} satisfies FieldsOf<InvocationSurroundings>);

const invocation = z.strictObject({
  id: text,
  origin: z.optional(origin),
  attribution,
  command: text,
  cwd: text,
  workTree: z.optional(z.strictObject({ root: text, repository: text })),
  outputPath: optionalText,
  tags: z.optional(z.array(tag)),
  codexHome: optionalText,
  codexPath: optionalText,
  frontPid: optionalCount,
  meterPid: optionalCount,
  codexPid: optionalCount,
  startedAtMs: time,
  surroundings: z.optional(surroundings),
} satisfies FieldsOf<Invocation>);

const limit = z.strictObject({
  scope: z.enum(BUDGET_SCOPES),
  unit: z.enum(BUDGET_UNITS),
  amount: z.number(),
  of: z.optional(z.enum(['fleet'])),
} satisfies FieldsOf<BudgetLimit>);
const budget = z.strictObject({
  onBudget: z.enum(ON_BUDGET),
  limits: z.array(limit),
} satisfies FieldsOf<Budget>);

const update = z.strictObject({
  threadId: optionalText,
  threadKnownBy: z.optional(threadKnownBy),
  codexVersion: optionalText,
  contextTokens: optionalCount,
  contextWindowTokens: optionalCount,
  status: z.optional(status),
  exitCode: z.optional(z.int()),
  signal: optionalText,
  endedAtMs: optionalTime,
  budget: z.optional(budget),
} satisfies FieldsOf<InvocationUpdate>);

// A program that did not know a counter yet has written none.
const counters = COUNTERS.map(({ name, since }) => [name, since === undefined ? count : z._default(count, 0)]);
const usage = z.strictObject(Object.fromEntries(counters) as Record<CounterName, typeof count>);

const fees = z.strictObject({
  webSearches: count,
  inferenceGeo: optionalText,
  unknown: z.array(text),
} satisfies FieldsOf<Fees>);

const response = z
  .strictObject({
    provider: z.optional(z.enum(PROVIDERS)),
    threadId: text,
    key: text,
    turnId: optionalText,
    rootTurnId: optionalText,
    model: text,
    serviceTier: optionalText,
    usage,
    cacheWrite1h: optionalCount,
    evidence: z.enum(EVIDENCE),
    source: z.enum(SOURCES),
    completedAtMs: time,
    costNanoUsd: z.optional(z.number().check(z.refine(isPossibleCost))),
    costExtent: z.optional(costExtent),
    fees: z.optional(fees),
    price: z.optional(z.record(text, z.unknown())),
  } satisfies FieldsOf<PricedResponse>)
  .check(z.refine((one) => isPossibleUsage(one.usage, one.evidence), { path: ['usage'] }));

const note = z.strictObject({
  kind: noteKind,
  reason: text,
  // JSON has no NaN: it is null there.
  figures: z.record(text, z.nullable(z.union([z.number(), text]))),
} satisfies FieldsOf<Note>);

const rateLimit = z.strictObject({
  provider: z.enum(PROVIDERS),
  limitId: text,
  windowMinutes: count,
  usedPercent: z.number(),
  resetsAtMs: optionalTime,
  observedAtMs: time,
} satisfies FieldsOf<RateLimit>);

const change = z.strictObject({
  invocation: z.union([invocation, z.strictObject({ id: text })]),
  update: z.optional(update),
  responses: z.optional(z.array(response)),
  notes: z.optional(z.array(note)),
  rateLimits: z.optional(z.array(rateLimit)),
} satisfies FieldsOf<Change>);

/**
 * Reads a pending change. A change with a missing, wrong or unknown field is refused: another version wrote it, and it would
 * not be recorded as it was meant. Never throws.
 */
export function parsePendingChange(json: string): PendingChange {
  let entry: unknown;
  try {
    entry = JSON.parse(json);
  } catch {
    return bad('it is not JSON');
  }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return bad('it is no record');
  const { version, change: pending } = entry as { version?: unknown; change?: unknown };
  if (version !== CHANGE_VERSION) return bad('another version of codex-metered wrote it');
  const parsed = change.safeParse(pending);
  return parsed.success ? { kind: 'change', change: pending as Change } : bad(describe(parsed.error.issues));
}

function describe([issue]: readonly { readonly code?: string; readonly path: readonly PropertyKey[] }[]): string {
  const path = issue?.path.map(String).join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') return `another version of codex-metered wrote it: ${path} has more fields`;
  return `${path === '' ? 'it' : path} is not what it should be`;
}

function bad(reason: string): PendingChange {
  return { kind: 'bad', reason };
}
