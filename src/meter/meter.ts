import { messageOf } from '../errors.js';
import type { Note } from '../usage/record.js';
import { type End, MeteredRun, type MeterOptions } from './run.js';
import type { Summary } from './summary.js';

/** Records one run of Codex while it goes on. No method throws: a fault of the metering is logged, never shown. */
export interface Meter {
  /** Takes what Codex wrote on the stream that is read along, and when that arrived (epoch milliseconds). */
  observe(chunk: Buffer, atMs: number): void;
  /** Takes the body of a request that Codex made to our telemetry sink. */
  observeTelemetry(body: string): void;
  /** Keeps a note with the record. */
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
    observe: (chunk, atMs) => guard(() => run.observe(chunk, atMs)),
    observeTelemetry: (body) => guard(() => run.observeTelemetry(body)),
    note: (note) => guard(() => run.note([note])),
    finish: (end) =>
      run.finish(end).catch((error: unknown) => {
        report(error);
        return undefined;
      }),
  };
}
