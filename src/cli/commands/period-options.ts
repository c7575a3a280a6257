import { UsageError } from '../../errors.js';
import type { Day } from '../../report/calendar.js';
import { isOverTime, type PeriodKind } from '../../report/period-range.js';
import { PROVIDERS, type Provider } from '../../usage/provider.js';
import type { CostUnit } from '../../usage/unit.js';
import type { CommandDescription, OptionDescription } from './description.js';
import { parseCount } from './option-values.js';
import { DAYS_OF_TIME_ZONE, JSON_NOT_TABLE, NO_COLOR, NO_IMPORT, SINCE, UNIT, UNTIL } from './shared-options.js';

/** `blocks`: windows of five hours, as subscriptions are limited by. */
export type ReportKind = PeriodKind | 'blocks';

/** What is asked of `codex-usage daily` and the other reports over time. */
export interface PeriodRequest {
  readonly kind: ReportKind;
  readonly since: Day | undefined;
  readonly until: Day | undefined;
  readonly last: number | undefined;
  /** 0 is Sunday. */
  readonly firstWeekday: number;
  /** Undefined is all. */
  readonly provider: Provider | undefined;
  readonly projectId: string | undefined;
  readonly model: string | undefined;
  /** Undefined is what suits the report. */
  readonly order: 'asc' | 'desc' | undefined;
  /** Whether past sessions are taken in first. */
  readonly history: 'import' | 'as-it-is';
  readonly format: 'text' | 'json';
  readonly view: 'table' | 'chart';
  readonly detail: 'entries' | 'models';
  readonly extent: 'full' | 'compact';
  readonly color: 'auto' | 'never';
  /** An IANA name, or undefined for the system's. */
  readonly timeZone: string | undefined;
  /** Undefined: as the settings say. */
  readonly unit: CostUnit | undefined;
}

interface Options {
  readonly since?: Day;
  readonly until?: Day;
  readonly last?: number;
  readonly startOfWeek?: string;
  readonly provider: Provider | 'all';
  readonly project?: string;
  readonly model?: string;
  readonly order?: 'asc' | 'desc';
  readonly chart?: boolean;
  readonly breakdown?: boolean;
  readonly compact?: boolean;
  readonly timezone?: string;
  readonly import?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
  readonly unit?: CostUnit;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

const SUMMARIES: Readonly<Record<ReportKind, { readonly summary: string; readonly unit: string }>> = {
  daily: { summary: 'what each day cost', unit: 'days' },
  weekly: { summary: 'what each week cost', unit: 'weeks' },
  monthly: { summary: 'what each month cost', unit: 'months' },
  model: { summary: 'what each model cost', unit: 'days' },
  project: { summary: 'what each project cost', unit: 'days' },
  phase: { summary: 'what each phase of metered runs cost', unit: 'days' },
  blocks: { summary: 'what each window of five hours cost', unit: 'windows' },
};

const MARKS = `
  ~         not all of it was reported by the API: parsed from text, or estimated by a tokenizer
  +         some responses, or fees, have no known price, so more was spent
  unpriced  none of the responses has a known price
`;

/** The reports over time; `perform` is called with what is asked for. */
export function describePeriodCommands(perform: (request: PeriodRequest) => Promise<void>): CommandDescription[] {
  return (Object.keys(SUMMARIES) as ReportKind[]).map((kind) => {
    const { summary } = SUMMARIES[kind];
    return {
      name: kind,
      summary,
      description: `Shows ${summary}: tokens and money of Codex and of what else was recorded or imported.`,
      options: listOptions(kind),
      help: `${MARKS}${listExamples(kind)}`,
      perform: (options: Options) => perform(parseRequest(kind, options)),
    };
  });
}

function listOptions(kind: ReportKind): OptionDescription[] {
  const { unit } = SUMMARIES[kind];
  const options: OptionDescription[] = [
    SINCE,
    UNTIL,
    { flags: '--last <n>', text: describeLast(kind, unit), parse: parseCount },
    { flags: '--provider <name>', text: 'whose usage', choices: [...PROVIDERS, 'all'], initial: 'all' },
    { flags: '--project <id>', text: 'only this project' },
    { flags: '--model <name>', text: 'only this model, or those that a pattern such as "gpt-5*" means' },
    { flags: '--order <order>', text: describeOrder(kind), choices: ['asc', 'desc'] },
    { flags: '--breakdown', text: 'a row for each model' },
    { flags: '--compact', text: 'only the most important columns' },
    DAYS_OF_TIME_ZONE,
    UNIT,
    NO_IMPORT,
    JSON_NOT_TABLE,
    NO_COLOR,
  ];
  if (kind !== 'blocks') options.push({ flags: '--chart', text: 'draw it: a calendar of the days, and bars' });
  if (kind === 'weekly') options.push(START_OF_WEEK);
  return options;
}

const START_OF_WEEK: OptionDescription = {
  flags: '-w, --start-of-week <day>',
  text: 'the day that weeks begin with',
  choices: WEEKDAYS,
  initial: 'monday',
};

function parseRequest(kind: ReportKind, options: Options): PeriodRequest {
  const { since, until, last, provider } = options;
  if (since !== undefined && last !== undefined)
    throw new UsageError('--since and --last both say where to begin: use one.');
  if (since !== undefined && until !== undefined && since > until) {
    throw new UsageError('--since is after --until: there is no day between them.');
  }
  if (options.chart && options.json) throw new UsageError('--chart draws and --json does not: use one.');
  return {
    kind,
    since,
    until,
    last,
    firstWeekday: WEEKDAYS.indexOf(options.startOfWeek ?? 'monday'),
    provider: provider === 'all' ? undefined : provider,
    projectId: options.project,
    model: options.model,
    order: options.order,
    history: options.import === false ? 'as-it-is' : 'import',
    format: options.json ? 'json' : 'text',
    view: options.chart ? 'chart' : 'table',
    detail: options.breakdown ? 'models' : 'entries',
    extent: options.compact ? 'compact' : 'full',
    color: options.color ? 'auto' : 'never',
    timeZone: options.timezone,
    unit: options.unit,
  };
}

function describeLast(kind: ReportKind, unit: string): string {
  return kind === 'blocks' ? 'the newest n windows (default: 20)' : `the last n ${unit} up to today, or to --until`;
}

function describeOrder(kind: ReportKind): string {
  return kind !== 'blocks' && !isOverTime(kind)
    ? 'the dearest last or first (default: "desc")'
    : 'the newest last or first (default: "asc")';
}

function listExamples(kind: ReportKind): string {
  const lines = [
    [`codex-usage ${kind}`, kind === 'blocks' ? 'the newest windows' : 'everything that is recorded'],
    [`codex-usage ${kind} --last 7`, `the last 7 ${SUMMARIES[kind].unit}`],
    [`codex-usage ${kind} --since 2026-11-01 --provider codex`, ''],
    ...(kind === 'blocks' ? [] : [[`codex-usage ${kind} --chart`, 'the same, drawn'] as const]),
    [`codex-usage ${kind} --json | jq .totals.costUsd`, ''],
  ] as const;
  return `\nExamples:\n${lines.map(([example, meaning]) => `  ${example.padEnd(34)}${meaning}`.trimEnd()).join('\n')}\n`;
}
