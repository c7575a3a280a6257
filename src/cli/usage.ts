import process from 'node:process';
import { messageOf } from '../errors.js';
import { runBundle } from './bundle.js';
import { isReportName } from './commands/command.js';

try {
  runBundle(nameBundle(process.argv[2]));
} catch (error) {
  // For example while another version is being installed.
  process.stderr.write(`codex-usage: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

/** One of four bundles, each with all that it needs (scripts/dist.js). The smaller it is, the sooner it starts. */
function nameBundle(command: string | undefined): string {
  if (command === 'statusline') return 'usage-statusline';
  if (command === 'import') return 'usage-import';
  return isReportName(command) ? 'usage-reports' : 'usage-all';
}
