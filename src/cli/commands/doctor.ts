import { renderDoctor, toDoctorJson } from '../../report/doctor.js';
import { defineCommand } from './command.js';
import { chooseStyle } from './host.js';
import { JSON_NOT_TEXT, NO_COLOR } from './shared-options.js';
import { formatJson } from './show.js';

const HELP = `
It looks for Codex, the session files, the database (whole? which schema?), runs that are not settled, records
that are kept aside, another program's cost_records where they are filled, disagreements between pieces of evidence,
models without a price, the log and the configuration. Exit code: 0 when all is well, 1 when something needs attention.

Examples:
  codex-usage doctor
  codex-usage doctor --json | jq '.checks[] | select(.status == "attention")'
`;

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'whether all is well, and what to do where it is not',
  description: 'Says whether all is well with Codex, the database and the record, and what to do where it is not.',
  options: { json: JSON_NOT_TEXT, noColor: NO_COLOR },
  help: HELP,
  async run(call) {
    if (!call.fault) await call.prepare();
    const { listChecks } = await import('./doctor-checks.js');
    const checks = listChecks(call.host, call);
    const text = call.options.json ? formatJson(toDoctorJson(checks)) : renderDoctor(checks, chooseStyle(call));
    call.host.stdout.write(text);
    return checks.some(({ status }) => status === 'attention') ? 1 : 0;
  },
});
