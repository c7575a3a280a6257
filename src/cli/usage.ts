import process from 'node:process';
import { messageOf } from '../errors.js';
import { isReportName } from './commands/command.js';

void loadBundle(process.argv[2]).catch((error: unknown) => {
  // For example while another version is being installed.
  process.stderr.write(`codex-usage: ${messageOf(error)}\n`);
  process.exitCode = 1;
});

/** Starts one of three bundles, each with all that it needs (scripts/dist.js). The smaller it is, the sooner it starts. */
function loadBundle(command: string | undefined): Promise<unknown> {
  if (command === 'statusline') return import('./usage-statusline.js');
  return isReportName(command) ? import('./usage-reports.js') : import('./usage-all.js');
}
