import { resolve } from 'node:path';
import type { Given } from '../config/settings.js';
import { openLineTarget } from '../io/line-sink.js';
import { prepareReportFile } from '../io/report-file.js';
import type { WrapperOptions } from './wrapper-options.js';

/** Where a runner receives a report and events of an invocation. */
export interface Targets {
  /** Absolute. */
  readonly reportPath: string | undefined;
  /** An open descriptor. */
  readonly eventsFd: number | undefined;
}

/** Opens what `--meter-report` and `--meter-events` name. Throws a UsageError where that cannot be written. */
export function openTargets(options: WrapperOptions): Targets {
  const [report, events] = [options.get('report'), options.get('events')];
  const eventsFd = events && openLineTarget(nameTarget(events), events.place);
  const reportPath = report && resolve(report.value);
  if (reportPath) prepareReportFile(reportPath, report.place);
  return { reportPath, eventsFd };
}

function nameTarget({ value }: Given): string {
  return value.startsWith('fd:') ? value : resolve(value);
}
