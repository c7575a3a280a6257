import { statusline } from './commands/statusline.js';
import { runUsage } from './usage-process.js';

// It catches up with nothing: a shell prompt waits for it.
runUsage({ statusline: async () => statusline }, () => ({
  beforeCommand: () => undefined,
  beforeReport: () => undefined,
}));
