/** The JSON of the API (docs/api.md), as far as the page reads it. */

import type { TokensJson } from '../../usage/counters.js';
import type { Provider } from './names.js';

export type { Provider };
export type Source = 'actual' | 'parsed' | 'estimated';

export interface Sums extends TokensJson {
  readonly source: Source | 'mixed' | null;
  readonly responseCount: number;
  readonly unpricedResponseCount: number;
  readonly costUsd: number | null;
  readonly costNanoUsd: number | null;
  /** Of a ChatGPT plan, where the settings ask for them; null where none are known. */
  readonly costCredits?: number | null;
  /** Responses of Codex whose credits are not known. */
  readonly unratedResponseCount?: number;
}

export interface HistoryState {
  readonly state: 'off' | 'reading' | 'done' | 'failed';
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly problem: string | null;
}

/** What there is to choose from. */
export interface Status {
  readonly projectIds: readonly string[];
  readonly modelNames: readonly string[];
  readonly branchNames: readonly string[];
  /** As `key=value`, without branches and commits. */
  readonly tags: readonly string[];
}

/** The session files on the server's machine. */
export interface PastSessions {
  readonly files: readonly { readonly provider: Provider; readonly fileCount: number }[];
}

type InvocationStatus = 'running' | 'completed' | 'failed' | 'interrupted' | 'abandoned' | 'over budget';
type StatusCounts = Readonly<Partial<Record<InvocationStatus, number>>>;

export interface RunName {
  readonly runId: string;
  readonly projectId: string;
}

export interface RunEntry extends Sums, RunName {
  readonly latestInvocationStartedAt: string;
  readonly statusCounts: StatusCounts;
  readonly modelNames: readonly string[];
}

/** The run, phase and iteration of an invocation. */
interface Attribution extends RunName {
  readonly phase: string;
  readonly iteration: number;
}

/** A limit and what is used of it. Amounts are nano-USD or tokens. */
export interface BudgetLevel {
  readonly scope: 'invocation' | 'run' | 'day' | 'week' | 'month';
  readonly unit: 'usd' | 'tokens';
  readonly amount: number;
  readonly spent: number;
}

/** An invocation that has not ended. */
export interface RunningInvocation extends Sums, Attribution {
  readonly invocationId: string;
  /** `pending`: it has ended, and what was recorded of it waits beside the database. */
  readonly state: 'running' | 'unmetered' | 'killed' | 'pending';
  readonly startedAt: string;
  readonly contextTokens: number | null;
  readonly contextWindowTokens: number | null;
  readonly costPerMinuteUsd: number | null;
  /** The limit that is used up the most. */
  readonly budget: BudgetLevel | null;
}

export interface ResponseEntry extends Omit<Sums, 'responseCount' | 'unpricedResponseCount' | 'source'> {
  readonly threadId: string;
  readonly model: string;
  readonly source: Source;
  readonly completedAt: string;
}

export interface Note {
  readonly kind: 'fallback' | 'disagreement' | 'unreadable' | 'unpriced' | 'uncounted' | 'budget' | 'fault';
  readonly reason: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Where the responses of an invocation or a thread came from. */
interface Responses extends Sums {
  readonly startedAt: string;
  readonly evidence: readonly string[];
  readonly models: readonly { readonly model: string }[];
  readonly responses: readonly ResponseEntry[];
}

export interface InvocationEntry extends Responses, Attribution {
  readonly invocationId: string;
  readonly childThreadIds: readonly string[];
  readonly status: InvocationStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number | null;
  readonly notes: readonly Note[];
}

/** A thread of a session, as far as no invocation is known to have caused its responses. */
export interface ThreadEntry extends Responses {
  readonly threadId: string;
  /** `main`, or what kind of child it is. */
  readonly threadKind: string;
  readonly lastResponseAt: string;
}

/** A run, or a session, which has a `threadId` and may be of several projects. */
export interface CostReport extends Partial<RunName> {
  readonly kind: 'run' | 'session';
  readonly threadId?: string;
  readonly projectIds?: readonly string[];
  readonly invocations: readonly InvocationEntry[];
  /** Of a session alone. */
  readonly unmetered?: readonly ThreadEntry[];
  readonly phases: readonly (Sums & { readonly phase: string })[];
  readonly totals: Sums;
}

export interface SessionEntry extends Sums {
  readonly threadId: string;
  readonly providers: readonly Provider[];
  readonly projectIds: readonly string[];
  readonly modelNames: readonly string[];
  readonly threadCount: number;
  readonly invocationCount: number;
  readonly lastResponseAt: string;
}

/** Equal notes of many invocations, with the attribution of the newest. */
export interface NoteGroup extends Note, Attribution {
  readonly count: number;
  readonly lastNotedAt: string;
}

export interface Health {
  readonly evidence: readonly { readonly source: Source; readonly evidence: string; readonly responseCount: number }[];
  readonly notes: readonly NoteGroup[];
  readonly unpricedModels: readonly {
    readonly provider: Provider;
    readonly model: string;
    readonly unpricedResponseCount: number;
    readonly firstAt: string;
    readonly lastAt: string;
  }[];
  readonly unreadableFiles: readonly {
    readonly path: string;
    readonly unreadableLines: number;
    readonly problem: string | null;
  }[];
}
