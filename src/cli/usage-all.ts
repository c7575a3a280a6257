import { COMMANDS } from './commands/list.js';
import { hooksFor } from './commands/prepare.js';
import { runUsage } from './usage-process.js';

runUsage(COMMANDS, hooksFor);
