import type { Settings } from '../config/settings.js';
import type { CodexCommand } from '../process/argv.js';
import type { Exit } from '../process/child.js';
import type { NoTelemetry } from '../process/telemetry.js';
import type { EmitForm } from '../usage/options.js';
import type { Attribution } from '../usage/record.js';
import type { OutputLine } from './output-sieve.js';

/** What the front sends the meter first: all that it knows of the invocation before Codex runs. */
export interface RunFacts {
  readonly settings: Settings;
  readonly command: CodexCommand;
  readonly attribution: Attribution;
  /** The phase that the link's name gives and that does not exist. */
  readonly unknownPhase: string | undefined;
  readonly codexPath: string;
  /** Where the front was called. */
  readonly cwd: string;
  readonly frontPid: number;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  /** Where a report of the invocation goes; an absolute path. */
  readonly reportPath: string | undefined;
  /** Whether a runner receives events of the invocation, at a descriptor that is handed down. */
  readonly hasEvents: boolean;
  /** In which form the front writes to stdout what the invocation used; undefined where it does not. */
  readonly emit: EmitForm | undefined;
  /** Set for a run that may keep no session file. */
  readonly telemetry: TelemetryFacts | undefined;
  /** The `CODEX_HOME` of the server of `--remote`, if the user named it; an absolute path. */
  readonly serverHome: string | undefined;
}

/** Whether Codex was asked for its telemetry. */
export type TelemetryFacts =
  | { readonly kind: 'connected'; readonly secret: { readonly header: string; readonly value: string } }
  | { readonly kind: 'absent'; readonly reason: NoTelemetry };

/** How Codex ended, as the front saw it. */
export interface CodexEnd {
  readonly exit: Exit;
  /** The first signal by which somebody asked Codex to end. */
  readonly interruptedBy: NodeJS.Signals | undefined;
  /** Epoch milliseconds. */
  readonly atMs: number;
  /** Lines that could not be sent, because the meter did not read fast enough. */
  readonly lostLines: number;
}

/** The messages from the front to the meter, in this order; `line` comes between `begun` and `ended`. */
export type ToMeter =
  | { readonly kind: 'facts'; readonly facts: RunFacts }
  /** May Codex be started, or is its budget spent? */
  | { readonly kind: 'ask' }
  | { readonly kind: 'begun'; readonly codexPid: number }
  | { readonly kind: 'line'; readonly line: OutputLine }
  | { readonly kind: 'ended'; readonly end: CodexEnd };

/** The messages from the meter to the front. */
export type ToFront =
  /** It has loaded what it needs. */
  | { readonly kind: 'ready' }
  /** Why Codex must not be started; undefined where it may be. */
  | { readonly kind: 'answer'; readonly refusal: string | undefined }
  /** A line for the caller's stderr. */
  | { readonly kind: 'say'; readonly text: string }
  /** End Codex: its budget is spent. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'settled'; readonly settled: Settled };

/** The record is complete, or pending in files beside the database. */
export interface Settled {
  /** Whether a budget was reached that ends Codex. */
  readonly outcome: 'within' | 'stopped';
  /** What the invocation used and cost, in one line; undefined where nothing was metered. */
  readonly summary: string | undefined;
  /** The line for stdout that was asked for; undefined where none was, or where it has nothing to say. */
  readonly usageLine: string | undefined;
  /** Why the record is not in the database yet; undefined where it is there. */
  readonly pending: string | undefined;
}

/** What the front hands down to the meter, by number: the link between them, */
export const LINK_FD = 3;
/** where a runner is told of the invocation, */
export const EVENTS_FD = 4;
/** and the socket at which Codex's telemetry arrives. */
export const TELEMETRY_FD = 5;

/** The argument by which a meter only says whether one can be started. */
export const CHECK = '--check';
/** The argument of a meter that follows one which died before it was ready. */
export const AFRESH = '--afresh';
