import { statusline } from './commands/statusline.js';
import { runUsage } from './usage-process.js';

// A shell prompt waits for this command, so it is bundled without the others, which would take as long to load as it to run.
runUsage({ statusline: async () => statusline }, () => ({
  beforeCommand: () => undefined,
  beforeReport: () => undefined,
}));
