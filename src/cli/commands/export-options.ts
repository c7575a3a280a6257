import { extname } from 'node:path';
import type { Day } from '../../report/calendar.js';
import type { ExportFormat, ExportSubject } from '../../report/export.js';
import { PROVIDERS, type Provider } from '../../usage/provider.js';
import type { CommandDescription } from './description.js';
import { DAYS_OF_TIME_ZONE, NO_IMPORT, SINCE, UNTIL } from './shared-options.js';

/** What is asked of `codex-usage export`. */
export interface ExportRequest {
  readonly subject: ExportSubject;
  readonly exportAs: ExportFormat;
  /** A path, or undefined for the standard output. */
  readonly output: string | undefined;
  readonly since: Day | undefined;
  readonly until: Day | undefined;
  readonly provider: Provider | undefined;
  readonly projectId: string | undefined;
  readonly model: string | undefined;
  readonly history: 'import' | 'as-it-is';
  /** Of what is said when there is nothing to export. */
  readonly format: 'text';
  readonly timeZone: string | undefined;
}

interface Options {
  readonly format?: ExportFormat;
  readonly output?: string;
  readonly since?: Day;
  readonly until?: Day;
  readonly provider: Provider | 'all';
  readonly project?: string;
  readonly model?: string;
  readonly import?: boolean;
  readonly timezone?: string;
}

const FORMATS: readonly ExportFormat[] = ['csv', 'json', 'ndjson'];

const HELP = `
A row for each model response, or for each day, provider, project, model and source. What is not known is
empty in CSV and null in JSON: a cost of 0 is the price of a model that costs nothing.

Examples:
  codex-usage export > responses.csv
  codex-usage export days --since 2026-11-01 --output november.csv
  codex-usage export --format ndjson --provider claude | jq .costUsd
`;

/** `export`; `perform` is called with what is asked for. */
export function describeExportCommand(perform: (request: ExportRequest) => Promise<void>): CommandDescription {
  return {
    name: 'export',
    argument: {
      flags: '[what]',
      text: 'what has a row',
      choices: ['responses', 'days'],
      initial: 'responses',
    },
    summary: 'every response, or every day, as CSV, JSON or NDJSON',
    description: 'Writes every response, or the sums of every day, as CSV, JSON or NDJSON.',
    options: [
      { flags: '-f, --format <format>', text: "default: that of --output's name, else csv", choices: FORMATS },
      { flags: '-o, --output <file>', text: 'write to this file, which is replaced, not to the standard output' },
      SINCE,
      UNTIL,
      { flags: '--provider <name>', text: 'whose usage', choices: [...PROVIDERS, 'all'], initial: 'all' },
      { flags: '--project <id>', text: 'only this project' },
      { flags: '--model <name>', text: 'only this model, or those that a pattern such as "gpt-5*" means' },
      DAYS_OF_TIME_ZONE,
      NO_IMPORT,
    ],
    help: HELP,
    perform: (options: Options, subject) => perform(toRequest(subject as ExportSubject, options)),
  };
}

function toRequest(subject: ExportSubject, options: Options): ExportRequest {
  const { format, output, since, until, provider, project, model, timezone } = options;
  return {
    subject,
    exportAs: format ?? FORMATS.find((one) => output !== undefined && extname(output) === `.${one}`) ?? 'csv',
    ...{ output, since, until, model, projectId: project, timeZone: timezone },
    provider: provider === 'all' ? undefined : provider,
    history: options.import === false ? 'as-it-is' : 'import',
    format: 'text',
  };
}
