import { hooksFor } from './commands/prepare.js';
import { REPORTS } from './commands/reports.js';
import { runUsage } from './usage-process.js';

runUsage(REPORTS, hooksFor);
