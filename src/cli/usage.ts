import { COMMANDS } from './commands/list.js';
import { runUsage } from './usage-process.js';

runUsage(COMMANDS, (host) => ({
  async beforeCommand(paths, settings) {
    const { catchUp } = await import('./commands/prepare.js');
    await catchUp(paths, settings);
  },
  async beforeReport(paths, settings) {
    const { refreshHistory } = await import('./commands/prepare.js');
    await refreshHistory(host, paths, settings);
  },
}));
