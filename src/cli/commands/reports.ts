import type { Command, ReportName } from './command.js';
import type { ReportKind } from './period.js';

export const REPORTS: Readonly<Record<ReportName, () => Promise<Command>>> = {
  run: async () => (await import('./cost.js')).run,
  session: async () => (await import('./cost.js')).session,
  daily: period('daily'),
  weekly: period('weekly'),
  monthly: period('monthly'),
  model: period('model'),
  project: period('project'),
  phase: period('phase'),
  branch: period('branch'),
  pr: period('pr'),
  tag: period('tag'),
  user: period('user'),
  machine: period('machine'),
  team: period('team'),
  blocks: period('blocks'),
};

function period(kind: ReportKind): () => Promise<Command> {
  return async () => (await import('./period.js')).createPeriodCommand(kind);
}
