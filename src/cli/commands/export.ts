import { extname, resolve } from 'node:path';
import { UsageError } from '../../errors.js';
import { replaceNamedFile } from '../../files/regular-file.js';
import { formatPlural } from '../../report/amounts.js';
import { createCalendar } from '../../report/calendar.js';
import { type ExportSubject, exportUsage } from '../../report/export.js';
import { readSnapshot } from '../../store/queries.js';
import type { Store } from '../../store/store.js';
import { addressOfDocs } from '../../usage/docs.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import * as shared from './shared-options.js';
import { showReport } from './show.js';

const FORMATS = ['csv', 'json', 'ndjson'] as const;

const OPTIONS = {
  format: { short: 'f', value: '<format>', text: "default: that of --output's name, else csv", choices: FORMATS },
  output: {
    ...{ short: 'o', value: '<file>' },
    text: 'write to this file, which is replaced, not to the standard output',
  },
  raw: { text: 'CSV: texts as they are, also those that a spreadsheet takes for formulas' },
  ...shared.FILTERS,
  provider: shared.PROVIDER,
  timezone: shared.DAYS_OF_TIME_ZONE,
  billingAccount: { value: '<id>', text: 'focus: the account that pays, as the vendor calls it (default: unknown)' },
  fleet: shared.FLEET,
  noImport: shared.NO_IMPORT,
} satisfies Record<string, OptionSpec>;

const HELP = `
A row for each model response, or for each day, provider, project, model and source. What is not known is
empty in CSV and null in JSON: a cost of 0 is the price of a model that costs nothing. In CSV, a name that a
spreadsheet would take for a formula (it begins with = + - @, a tab or a line break) is written behind an
apostrophe; --raw leaves it as it is.

With "focus" the rows are those of FOCUS 1.2, the FinOps format for bills: by day (of UTC, unless --timezone says
another), project, model and kind of token. Responses without a price have no row and are counted on stderr.

Examples:
  codex-usage export > responses.csv
  codex-usage export days --since 2026-11-01 --output november.csv
  codex-usage export --format ndjson --provider claude | jq .costUsd
  codex-usage export focus --since 2026-11-01 --billing-account org-42 --output focus.csv

${addressOfDocs('metrics.md')} says what the columns of FOCUS hold.
`;

export const exporting = defineCommand({
  name: 'export',
  argument: {
    placeholder: '[what]',
    text: 'what has a row',
    choices: ['responses', 'days', 'focus'],
    initial: 'responses',
  },
  summary: 'every response, or every day, as CSV, JSON or NDJSON; FOCUS for finance',
  description: 'Writes every response, the sums of every day, or costs as FOCUS 1.2, as CSV, JSON or NDJSON.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    const { host, options } = call;
    const subject = call.argument as ExportSubject;
    if (options.billingAccount !== undefined && subject !== 'focus') {
      throw new UsageError('--billing-account belongs to "codex-usage export focus".');
    }
    await call.prepare(options.noImport ? 'as-it-is' : 'import');
    return showReport(call, (store) => {
      if (options.output === undefined) {
        exportTo(store, subject, call, (text) => host.stdout.write(text));
        return '';
      }
      const path = resolve(host.cwd, options.output);
      const count = replaceNamedFile(path, (put) => exportTo(store, subject, call, put));
      return `${formatPlural(count, subject === 'responses' ? 'response' : 'row')} written to ${path}\n`;
    });
  },
});

/** Writes the rows with `put`, and returns how many there are. */
function exportTo(store: Store, subject: ExportSubject, call: Call<typeof OPTIONS>, put: (text: string) => void) {
  const { host, options, settings } = call;
  const { output, since, until, provider, project: projectId, model, billingAccount = 'unknown' } = options;
  const format =
    options.format ?? FORMATS.find((one) => output !== undefined && extname(output) === `.${one}`) ?? 'csv';
  // Vendors bill days and months of UTC.
  const timeZone = options.timezone ?? (subject === 'focus' ? 'UTC' : settings.timeZone.value);
  const filter = { since, until, projectId, model, tags: shared.toWantedTags(options) };
  const query = { ...filter, provider: provider === 'all' ? undefined : provider };
  const onUnpriced = (count: number) => {
    if (count > 0) host.stderr.write(`${formatPlural(count, 'response')} without a price: no row has them.\n`);
  };
  const form = { format, texts: options.raw ? 'raw' : 'safe' } as const;
  const wish = { query, calendar: createCalendar(timeZone), billingAccount, onUnpriced, put };
  return readSnapshot(store, (connection) => exportUsage(connection, subject, form, wish));
}
