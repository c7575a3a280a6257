import type { OtelReport } from '../agents/codex/otel.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import type { PriceBook } from '../pricing/prices.js';
import type { CodexCommand } from '../process/argv.js';
import type { Change, Store } from '../store/store.js';
import type { Budget } from '../usage/budget.js';
import type { Invocation, InvocationStatus, Note, PricedResponse } from '../usage/record.js';
import type { OutputLine } from './output-sieve.js';
import { MeteredRun } from './run.js';
import type { ServerHome } from './settlement.js';
import type { Summary } from './summary.js';
import type { TelemetryConnection } from './telemetry.js';

export interface MeterOptions {
  readonly invocation: Invocation & { readonly codexHome: string };
  readonly command: CodexCommand;
  /** Codex's process. */
  readonly pid: number;
  readonly prices: PriceBook;
  readonly log: Log;
  readonly open: () => Promise<Store>;
  readonly keepPending: (change: Change) => void;
  /** Set for a run that may keep no session file. */
  readonly telemetry?: TelemetryConnection;
  /** Whether a limit was reached that ends Codex: then the run is `over budget`, however Codex ended. */
  readonly isOverBudget?: () => boolean;
  /** Undefined is `none`. */
  readonly serverHome?: ServerHome;
  /** The budget that the run is under, for the record. */
  readonly budget?: Budget | undefined;
  /** Called with the responses that are new or corrected, and with all of the invocation. Must not throw. */
  readonly onResponses?: (responses: readonly PricedResponse[], all: readonly PricedResponse[]) => void;
}

/** How the invocation ended. */
export interface End {
  /** Epoch milliseconds. */
  readonly endedAtMs: number;
  readonly status: InvocationStatus;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** Records one run of Codex while it goes on. No method throws: a fault of the metering is logged, never shown. */
export interface Meter {
  /** Takes a line of the stream that is read along, as the front's sieve has handed it on. */
  observe(line: OutputLine): void;
  /** Takes what a request that Codex made to our telemetry sink reports. */
  observeTelemetry(report: OtelReport): void;
  /** Adds a note to the record. */
  note(note: Note): void;
  /** Reads and records what is left. Undefined when the metering failed. */
  finish(end: End): Promise<Summary | undefined>;
}

export function startMeter(options: MeterOptions): Meter {
  const run = new MeteredRun(options);
  const report = (error: unknown) =>
    options.log.warn('Metering failed; Codex is not affected.', {
      invocation: options.invocation.id,
      reason: messageOf(error),
    });
  const guard = (operate: () => void) => {
    try {
      operate();
    } catch (error) {
      report(error);
    }
  };
  guard(() => run.start());
  return {
    observe: (line) => guard(() => run.observe(line)),
    observeTelemetry: (telemetry) => guard(() => run.observeTelemetry(telemetry)),
    note: (note) => guard(() => run.note([note])),
    finish: (end) =>
      run.finish(end).catch((error: unknown) => {
        report(error);
        return undefined;
      }),
  };
}
