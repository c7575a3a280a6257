import type { CommandDescription } from './description.js';
import { JSON_NOT_TEXT, NO_COLOR } from './shared-options.js';

/** What is asked of `codex-usage doctor`. */
export interface DoctorRequest {
  readonly format: 'text' | 'json';
  readonly color: 'auto' | 'never';
}

const HELP = `
It looks for Codex, the session files, the database (whole? which schema?), runs that are not settled, records
that are kept aside, another program's cost_records where they are filled, disagreements between pieces of evidence,
models without a price, the log and the configuration. Exit code: 0 when all is well, 1 when something needs attention.

Examples:
  codex-usage doctor
  codex-usage doctor --json | jq '.checks[] | select(.status == "attention")'
`;

/** `doctor`; `perform` is called with what is asked for. */
export function describeDoctorCommand(perform: (request: DoctorRequest) => Promise<void>): CommandDescription {
  return {
    name: 'doctor',
    summary: 'whether all is well, and what to do where it is not',
    description: 'Says whether all is well with Codex, the database and the record, and what to do where it is not.',
    options: [JSON_NOT_TEXT, NO_COLOR],
    help: HELP,
    perform: ({ json, color }: { json?: boolean; color: boolean }) => {
      return perform({ format: json ? 'json' : 'text', color: color ? 'auto' : 'never' });
    },
  };
}
