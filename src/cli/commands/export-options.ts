import { extname } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import type { Day } from '../../report/calendar.js';
import type { ExportFormat, ExportSubject } from '../../report/export.js';
import { PROVIDERS, type Provider } from '../../usage/provider.js';
import { parseDate, parseTimeZone } from './option-values.js';

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

/** Adds `export` to `program`; `perform` is called with what is asked for. */
export function addExportCommand(program: Command, perform: (request: ExportRequest) => Promise<void>): void {
  program
    .command('export')
    .summary('every response, or every day, as CSV, JSON or NDJSON')
    .description('Writes every response, or the sums of every day, as CSV, JSON or NDJSON.')
    .addArgument(new Argument('[what]', 'what has a row').choices(['responses', 'days']).default('responses'))
    .addOption(new Option('-f, --format <format>', "default: that of --output's name, else csv").choices(FORMATS))
    .option('-o, --output <file>', 'write to this file, which is replaced, not to the standard output')
    .option('-s, --since <day>', 'from this day on: YYYY-MM-DD or YYYYMMDD', parseDate)
    .option('-u, --until <day>', 'up to this day, inclusive', parseDate)
    .addOption(new Option('--provider <name>', 'whose usage').choices([...PROVIDERS, 'all']).default('all'))
    .option('--project <id>', 'only this project')
    .option('--model <name>', 'only this model, or those that a pattern such as "gpt-5*" means')
    .option('-z, --timezone <name>', "count days in this IANA time zone (default: the system's)", parseTimeZone)
    .option('--no-import', 'without looking for new past sessions first')
    .addHelpText('after', HELP)
    .action((subject: ExportSubject, options: Options) => perform(toRequest(subject, options)));
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
