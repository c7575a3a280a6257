import type { Command, CommandList } from './command.js';
import type { ReportKind } from './period.js';

/** The commands of codex-usage, in the order of its help. A new one is a file and a line here. */
export const COMMANDS: CommandList = {
  run: async () => (await import('./cost.js')).run,
  session: async () => (await import('./cost.js')).session,
  daily: period('daily'),
  weekly: period('weekly'),
  monthly: period('monthly'),
  model: period('model'),
  project: period('project'),
  phase: period('phase'),
  blocks: period('blocks'),
  export: async () => (await import('./export.js')).exporting,
  budget: async () => (await import('./budget.js')).budget,
  prices: async () => (await import('./prices.js')).prices,
  reprice: async () => (await import('./prices.js')).reprice,
  doctor: async () => (await import('./doctor.js')).doctor,
  import: async () => (await import('./import.js')).importing,
  mirror: async () => (await import('./mirror.js')).mirror,
  config: async () => (await import('./config.js')).config,
  watch: async () => (await import('./watch.js')).watch,
  statusline: async () => (await import('./statusline.js')).statusline,
  serve: async () => (await import('./serve.js')).serve,
  completion: async () => (await import('./completion.js')).completion,
};

function period(kind: ReportKind): () => Promise<Command> {
  return async () => (await import('./period.js')).createPeriodCommand(kind);
}
