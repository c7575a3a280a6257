import { hooksFor } from './commands/prepare.js';
import { runUsage } from './usage-process.js';

runUsage({ import: async () => (await import('./commands/import.js')).importing }, hooksFor);
