import { resolve } from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import { replaceFile } from '../../files/replaced-file.js';
import { measure } from '../../metrics/measure.js';
import { describeSummedUp, toPrometheus } from '../../metrics/prometheus.js';
import type { Store } from '../../store/store.js';
import { addressOfDocs } from '../../usage/docs.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { NO_IMPORT } from './shared-options.js';
import { showReport } from './show.js';

const OPTIONS = {
  output: {
    ...{ short: 'o', value: '<file>' },
    text: 'write to this file, which is replaced at once, not to the standard output',
  },
  noImport: NO_IMPORT,
} satisfies Record<string, OptionSpec>;

const HELP = `
Counters are the sums of the record, so they go on where they were after a restart, and all processes of this machine
have one series. They never fall: where the record was corrected downwards, codex_metered_corrections_… says by how much
a counter is ahead of it.

Examples:
  codex-usage metrics                                                       what Prometheus would read
  codex-usage metrics -o /var/lib/prometheus/node-exporter/codex.prom       for the textfile collector

${addressOfDocs('metrics.md')} has the metrics, and what to copy for each way to collect them.
`;

export const metrics = defineCommand({
  name: 'metrics',
  summary: 'the sums of the record for Prometheus',
  description: 'Writes the sums of the record in the text format of Prometheus.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    const { host, paths, options } = call;
    await call.prepare(options.noImport ? 'as-it-is' : 'import');
    return showReport({ format: 'text', timeZone: undefined }, host, paths, (store) => writeText(store, call));
  },
});

function writeText(store: Store, { host, options }: Call<typeof OPTIONS>): string {
  const measurement = measure(store, { nowMs: Date.now(), version: manifest.version });
  if (measurement.summedUp > 0) host.stderr.write(`${describeSummedUp(measurement.summedUp)}\n`);
  const text = toPrometheus(measurement);
  if (options.output === undefined) return text;
  // The collector runs as another user, which may read what the umask lets it.
  replaceFile(resolve(host.cwd, options.output), 0o644, (put) => put(text));
  return '';
}
