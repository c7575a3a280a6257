import type { Budget } from './budget.js';
import type { Phase } from './phase.js';
import type { Provider } from './provider.js';
import type { Evidence, Source } from './source.js';
import type { InvocationSurroundings } from './surroundings.js';
import type { InvocationTag } from './tags.js';
import type { Usage } from './usage.js';

/** Where a part of an attribution was read. `default`: it was given nowhere. */
export const ATTRIBUTION_ORIGINS = [
  'option',
  'environment',
  'project file',
  'user file',
  'link name',
  'output path',
  'command',
  'git',
  'fleet',
  'directory',
  'default',
] as const;
export type AttributionOrigin = (typeof ATTRIBUTION_ORIGINS)[number];

/** What an invocation is attributed to. An iteration without a name is undefined until the store gives the next free number. */
export interface Attribution {
  readonly projectId: string;
  readonly runId: string;
  readonly phase: Phase;
  readonly iteration: number | undefined;
  /** How each of the four is known. */
  readonly origins: Readonly<Record<'project' | 'run' | 'phase' | 'iteration', AttributionOrigin>>;
}

/**
 * How an invocation ended, or that it has not. `abandoned`: its meter was killed, and it was settled afterwards. `over
 * budget`: it reached a limit that ends Codex, whether Codex was at work then or had just given its last answer.
 */
export type InvocationStatus = 'running' | 'completed' | 'failed' | 'interrupted' | 'abandoned' | 'over budget';

/**
 * How an invocation came into the record. `metered`: a Codex that was followed while it ran; `backfilled`: read
 * afterwards from the files of a runner; `recorded`: a program of the user's reported it through the library.
 */
export type InvocationOrigin = 'metered' | 'backfilled' | 'recorded';

/** One Codex process that is metered, or another step that was paid for. */
export interface Invocation {
  readonly id: string;
  /** `metered` when absent. */
  readonly origin?: InvocationOrigin;
  readonly attribution: Attribution;
  /** What Codex was asked to do, without its arguments: `exec`, `exec resume`, `exec review`, … */
  readonly command: string;
  readonly cwd: string;
  /** The git work tree that `cwd` is in, and the one that this is linked to. */
  readonly workTree?: { readonly root: string; readonly repository: string } | undefined;
  /** Where Codex writes its last message. */
  readonly outputPath?: string | undefined;
  readonly tags?: readonly InvocationTag[] | undefined;
  /** Undefined where no process of Codex was followed. */
  readonly codexHome: string | undefined;
  readonly codexPath: string | undefined;
  /** The process that the caller started, in front of Codex. */
  readonly frontPid?: number | undefined;
  /** The process that records. */
  readonly meterPid: number | undefined;
  readonly codexPid: number | undefined;
  readonly startedAtMs: number;
  readonly surroundings?: InvocationSurroundings | undefined;
}

/** How the thread of an invocation is known: Codex named it in its `output`, or it was seen by its session `file` alone. */
export type ThreadKnownBy = 'output' | 'file';

/** What becomes known of an invocation while it runs and when it ends. */
export interface InvocationUpdate {
  readonly threadId?: string | undefined;
  readonly threadKnownBy?: ThreadKnownBy | undefined;
  readonly codexVersion?: string | undefined;
  readonly contextTokens?: number | undefined;
  readonly contextWindowTokens?: number | undefined;
  readonly status?: InvocationStatus | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly endedAtMs?: number | undefined;
  readonly budget?: Budget | undefined;
}

/** How much of the model's context a thread's newest response filled; the window is undefined where nobody said it. */
export interface ContextFill {
  readonly tokens: number;
  readonly windowTokens: number | undefined;
}

/** A window that limits a subscription, as the provider last reported it. */
export interface RateLimit {
  readonly provider: Provider;
  /** Which limit, as the provider names it: a model may have one of its own. */
  readonly limitId: string;
  /** Its length: 300 is five hours, 10080 a week. */
  readonly windowMinutes: number;
  readonly usedPercent: number;
  readonly resetsAtMs: number | undefined;
  readonly observedAtMs: number;
}

/** What a provider reports of a response beside its tokens, and charges for. */
export interface Fees {
  /** Searches of the web that the provider made for the response. Each has a price of its own. */
  readonly webSearches: number;
  /** Where the response was computed, in the provider's word (`us`); undefined where that does not change the price. */
  readonly inferenceGeo: string | undefined;
  /** Names of what else was charged for, or may have been, and of which no price is known. */
  readonly unknown: readonly string[];
}

/** Returns undefined when nothing changes the price, so that most responses carry no fees. */
export function toFees(fees: Fees): Fees | undefined {
  const { webSearches, inferenceGeo, unknown } = fees;
  return webSearches === 0 && inferenceGeo === undefined && unknown.length === 0 ? undefined : fees;
}

/**
 * One model response: the unit that the API bills. `key` is unique within its thread: the API's response id, or
 * the cumulative total at its end for a Codex before 0.153, so that live capture and a later import meet in one row.
 */
export interface ModelResponse {
  /** `codex` when absent. */
  readonly provider?: Provider;
  readonly threadId: string;
  readonly key: string;
  readonly turnId: string | undefined;
  readonly rootTurnId: string | undefined;
  readonly model: string;
  readonly serviceTier: string | undefined;
  readonly usage: Usage;
  /** Of `usage.cacheWrite`, the tokens that are kept for an hour, which Anthropic bills dearer. 0 when absent. */
  readonly cacheWrite1h?: number;
  /** What it costs beside its tokens. Nothing when absent. */
  readonly fees?: Fees | undefined;
  readonly evidence: Evidence;
  readonly source: Source;
  readonly completedAtMs: number;
}

/**
 * Something a reader of the record must know. `fallback`: a step down the chain actual → parsed → estimated;
 * `disagreement`: two pieces of evidence differ; `unreadable`: input that could not be read; `unpriced`: a model
 * without a price; `uncounted`: Codex used tokens that no evidence counts; `budget`: a limit was reached; `fault`: a part of
 * the metering failed.
 */
export interface Note {
  readonly kind: 'fallback' | 'disagreement' | 'unreadable' | 'unpriced' | 'uncounted' | 'budget' | 'fault';
  readonly reason: string;
  /** Counts and names only: never a prompt, an output or a secret. */
  readonly figures: Readonly<Record<string, number | string | undefined>>;
}

/** A response with the cost that its price gives it; both `undefined` when the model has no price. */
export interface PricedResponse extends ModelResponse {
  readonly costNanoUsd: number | undefined;
  /** The price it was made with, as it is kept in the record. */
  readonly price: unknown;
  /** `whole` when absent. */
  readonly costExtent?: CostExtent;
}

/** `partial`: the response is known to have cost more than that, by a fee of which no price is known. */
export type CostExtent = 'whole' | 'partial';

interface KnownCost {
  readonly costNanoUsd: number | null | undefined;
  readonly costExtent?: CostExtent;
}

/** Whether some of what a response cost, or all of it, is not known. Reports count such responses as unpriced. */
export function isUnpriced({ costNanoUsd, costExtent }: KnownCost): boolean {
  return costNanoUsd === undefined || costNanoUsd === null || costExtent === 'partial';
}

/** A change to what is recorded of one invocation. Applied whole or not at all. */
export interface Change {
  /** The whole of it where it may be new, its id alone where it is known to be recorded. */
  readonly invocation: Invocation | Pick<Invocation, 'id'>;
  readonly update?: InvocationUpdate | undefined;
  readonly responses?: readonly PricedResponse[];
  readonly notes?: readonly Note[];
  readonly rateLimits?: readonly RateLimit[];
}

/** The version of the form in which a pending change is written to a file: `{"version": …, "change": …}`. */
export const CHANGE_VERSION = 1;
