import type { CommandList } from './command.js';
import { REPORTS } from './reports.js';

/** The commands of codex-usage, in the order of its help. A new one is a file and a line here. */
export const COMMANDS: CommandList = {
  ...REPORTS,
  compare: async () => (await import('./compare.js')).compare,
  why: async () => (await import('./why.js')).why,
  export: async () => (await import('./export.js')).exporting,
  metrics: async () => (await import('./metrics.js')).metrics,
  budget: async () => (await import('./budget.js')).budget,
  prices: async () => (await import('./prices.js')).prices,
  reprice: async () => (await import('./prices.js')).reprice,
  doctor: async () => (await import('./doctor.js')).doctor,
  import: async () => (await import('./import.js')).importing,
  mirror: async () => (await import('./mirror.js')).mirror,
  push: async () => (await import('./push.js')).push,
  pull: async () => (await import('./pull.js')).pull,
  fleet: async () => (await import('./fleet.js')).fleet,
  config: async () => (await import('./config.js')).config,
  watch: async () => (await import('./watch.js')).watch,
  statusline: async () => (await import('./statusline.js')).statusline,
  serve: async () => (await import('./serve.js')).serve,
  mcp: async () => (await import('./mcp.js')).mcp,
  completion: async () => (await import('./completion.js')).completion,
};
