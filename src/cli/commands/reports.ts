import { type Command, REPORT_NAMES, type ReportName } from './command.js';

export const REPORTS = Object.fromEntries(
  REPORT_NAMES.map((name) => [
    name,
    async () => {
      if (name === 'run' || name === 'session') return (await import('./cost.js'))[name];
      return (await import('./period.js')).createPeriodCommand(name);
    },
  ]),
) as Readonly<Record<ReportName, () => Promise<Command>>>;
