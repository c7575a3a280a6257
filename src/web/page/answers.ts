/** The JSON of the API, as docs/api.md describes it. */

import type { TokensJson } from '../../usage/counters.js';
import type { Provider } from './providers.js';

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

export interface Status {
  readonly version: string;
  readonly database: string;
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

export type InvocationStatus = 'running' | 'completed' | 'failed' | 'interrupted' | 'abandoned' | 'over budget';

export interface RunEntry extends Sums {
  readonly runId: string;
  readonly projectId: string;
  readonly startedAt: string;
  readonly latestInvocationStartedAt: string;
  readonly endedAt: string | null;
  readonly invocationCount: number;
  readonly statusCounts: Readonly<Partial<Record<InvocationStatus, number>>>;
  readonly modelNames: readonly string[];
}

export interface BudgetLevel {
  readonly scope: 'invocation' | 'run' | 'day' | 'week' | 'month';
  readonly unit: 'usd' | 'tokens';
  readonly amount: number;
  readonly spent: number;
}

/** An invocation that has not ended. */
export interface RunningInvocation extends Sums {
  readonly invocationId: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: string;
  readonly iteration: number;
  /** `pending`: it has ended, and what was recorded of it waits beside the database. */
  readonly state: 'running' | 'unmetered' | 'killed' | 'pending';
  readonly startedAt: string;
  readonly contextTokens: number | null;
  readonly contextWindowTokens: number | null;
  readonly costPerMinuteUsd: number | null;
  /** The limit that is used up the most. Amounts are nano-USD or tokens. */
  readonly budget: BudgetLevel | null;
}

export interface Now {
  readonly running: readonly RunningInvocation[];
}

export interface RunList {
  readonly runs: readonly RunEntry[];
}

export interface ModelSums extends Sums {
  readonly model: string;
  readonly provider?: Provider;
}

export interface ResponseEntry extends Omit<Sums, 'responseCount' | 'unpricedResponseCount' | 'source'> {
  readonly threadId: string;
  readonly model: string;
  readonly source: Source;
  readonly completedAt: string;
}

export interface Note {
  readonly kind: NoteKind;
  readonly reason: string;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly notedAt: string;
}

export type NoteKind = 'fallback' | 'disagreement' | 'unreadable' | 'unpriced' | 'uncounted' | 'budget' | 'fault';

export interface InvocationEntry extends Sums {
  readonly invocationId: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: string;
  readonly iteration: number;
  readonly command: string;
  readonly codexVersion: string | null;
  readonly threadId: string | null;
  readonly childThreadIds: readonly string[];
  readonly status: InvocationStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly durationMs: number | null;
  readonly evidence: readonly string[];
  readonly models: readonly ModelSums[];
  readonly responses: readonly ResponseEntry[];
  readonly notes: readonly Note[];
}

/** A thread of a session, as far as no invocation is known to have caused its responses. */
export interface ThreadEntry extends Sums {
  readonly threadId: string;
  readonly provider: Provider;
  readonly projectId: string;
  /** `main`, or what kind of child it is. */
  readonly threadKind: string;
  readonly cliVersion: string | null;
  readonly startedAt: string;
  readonly lastResponseAt: string;
  readonly evidence: readonly string[];
  readonly models: readonly ModelSums[];
  readonly responses: readonly ResponseEntry[];
}

/** A run or a session. */
export interface CostReport {
  readonly kind: 'run' | 'session';
  readonly runId?: string;
  readonly projectId?: string;
  readonly threadId?: string;
  readonly projectIds?: readonly string[];
  readonly invocations: readonly InvocationEntry[];
  /** Of a session alone. */
  readonly unmetered?: readonly ThreadEntry[];
  readonly phases: readonly (Sums & { readonly phase: string; readonly invocationCount: number })[];
  readonly totals: Sums & { readonly invocationCount: number };
  readonly unpricedModels: readonly { readonly model: string; readonly unpricedResponseCount: number }[];
}

export interface SessionEntry extends Sums {
  readonly threadId: string;
  readonly providers: readonly Provider[];
  readonly projectIds: readonly string[];
  readonly modelNames: readonly string[];
  readonly threadCount: number;
  readonly invocationCount: number;
  readonly firstResponseAt: string;
  readonly lastResponseAt: string;
}

export interface SessionList {
  readonly sessions: readonly SessionEntry[];
}

export interface NoteGroup {
  readonly kind: NoteKind;
  readonly reason: string;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly count: number;
  readonly invocationCount: number;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: string;
  readonly iteration: number;
  readonly firstNotedAt: string;
  readonly lastNotedAt: string;
}

export interface Health {
  readonly statusCounts: Readonly<Partial<Record<InvocationStatus, number>>>;
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
    readonly provider: Provider;
    readonly unreadableLines: number;
    readonly problem: string | null;
    readonly importedAt: string;
  }[];
}
