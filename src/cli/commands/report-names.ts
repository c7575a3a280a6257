/** The commands that are called most. A bundle of them alone starts sooner. */
const REPORT_NAMES = ['run', 'session', 'daily', 'weekly', 'monthly', 'model', 'project', 'phase', 'blocks'] as const;

export type ReportName = (typeof REPORT_NAMES)[number];

export function isReportName(name: string | undefined): name is ReportName {
  return (REPORT_NAMES as readonly (string | undefined)[]).includes(name);
}
