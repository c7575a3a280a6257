import process from 'node:process';
import { isReportName } from './commands/report-names.js';

// Each of the three is a bundle with all that it needs (scripts/dist.js). The smaller it is, the sooner it starts.
const [, , name] = process.argv;
if (name === 'statusline') void import('./usage-statusline.js');
else if (isReportName(name)) void import('./usage-reports.js');
else void import('./usage-all.js');
