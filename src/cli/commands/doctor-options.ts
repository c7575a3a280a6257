import type { Command } from 'commander';

/** What is asked of `codex-usage doctor`. */
export interface DoctorRequest {
  readonly format: 'text' | 'json';
  readonly color: 'auto' | 'never';
}

const HELP = `
It looks for Codex, the session files, the database (whole? which schema?), runs that are not settled, records
that are kept aside, disagreements between pieces of evidence, models without a price, the log and the
configuration. Exit code: 0 when all is well, 1 when something needs attention.

Examples:
  codex-usage doctor
  codex-usage doctor --json | jq '.checks[] | select(.status == "attention")'
`;

/** Adds `doctor` to `program`; `perform` is called with what is asked for. */
export function addDoctorCommand(program: Command, perform: (request: DoctorRequest) => Promise<void>): void {
  program
    .command('doctor')
    .summary('whether all is well, and what to do where it is not')
    .description('Says whether all is well with Codex, the database and the record, and what to do where it is not.')
    .option('-j, --json', 'JSON instead of text')
    .option('--no-color', 'no colours; so does NO_COLOR')
    .addHelpText('after', HELP)
    .action(({ json, color }: { json?: boolean; color: boolean }) => {
      return perform({ format: json ? 'json' : 'text', color: color ? 'auto' : 'never' });
    });
}
