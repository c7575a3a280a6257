import type { Paths } from '../../config/paths.js';
import { UsageError } from '../../errors.js';
import { type Calendar, createCalendar, createClock, type Day } from '../../report/calendar.js';
import { toPeriodJson } from '../../report/period-json.js';
import { isOverTime, type PeriodKind } from '../../report/period-range.js';
import { type PeriodReport, readPeriodReport } from '../../report/period-report.js';
import { describeFilters } from '../../report/tags.js';
import { readSnapshot } from '../../store/queries.js';
import type { Store } from '../../store/store.js';
import { type Call, type Command, defineCommand, type OptionSpec } from './command.js';
import { nameHere } from './here.js';
import { chooseStyle, type Host } from './host.js';
import {
  BRANCH,
  DAYS_OF_TIME_ZONE,
  FLEET,
  JSON_NOT_TABLE,
  MODEL,
  NO_COLOR,
  NO_IMPORT,
  PROJECT,
  PROVIDER,
  parseCount,
  SINCE,
  TAG,
  toWantedTags,
  UNIT,
  UNTIL,
} from './shared-options.js';
import { formatJson, showReport } from './show.js';

/** `blocks`: windows of five hours, as subscriptions are limited by. */
export type ReportKind = PeriodKind | 'blocks';

/** How many windows `blocks` shows when nothing says which. */
const BLOCKS = 20;

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

const SUMMARIES: Readonly<Record<ReportKind, { readonly summary: string; readonly unit: string }>> = {
  daily: { summary: 'what each day cost', unit: 'days' },
  weekly: { summary: 'what each week cost', unit: 'weeks' },
  monthly: { summary: 'what each month cost', unit: 'months' },
  model: { summary: 'what each model cost', unit: 'days' },
  project: { summary: 'what each project cost', unit: 'days' },
  phase: { summary: 'what each phase of metered runs cost', unit: 'days' },
  branch: { summary: 'what was done on each branch cost', unit: 'days' },
  pr: { summary: 'what each pull request cost', unit: 'days' },
  tag: { summary: 'what each value of a tag cost', unit: 'days' },
  user: { summary: 'what each user spent', unit: 'days' },
  machine: { summary: 'what was spent on each machine', unit: 'days' },
  team: { summary: 'what each team spent', unit: 'days' },
  blocks: { summary: 'what each window of five hours cost', unit: 'windows' },
};

const MARKS = `
  ~         not all of it was reported by the API: parsed from text, or estimated by a tokenizer
  +         some responses, or fees, have no known price, so more was spent
  unpriced  none of the responses has a known price
`;

export function createPeriodCommand(kind: ReportKind): Command {
  const { summary } = SUMMARIES[kind];
  return defineCommand({
    name: kind,
    ...(kind === 'tag' && {
      argument: { placeholder: '<key>', text: 'branch, commit, pr, repo, ticket, or one of yours' },
    }),
    summary,
    description: `Shows ${summary}: tokens and money of Codex and of what else was recorded or imported.`,
    options: listOptions(kind),
    help: `${MARKS}${listExamples(kind)}`,
    async run(call) {
      const request = toRequest(kind, call);
      await call.prepare(call.options.noImport ? 'as-it-is' : 'import');
      return showPeriod(request, call);
    },
  });
}

type PeriodCall = Call<ReturnType<typeof listOptions>>;
type PeriodRequest = ReturnType<typeof toRequest>;

function listOptions(kind: ReportKind) {
  const options = {
    since: SINCE,
    until: UNTIL,
    last: { value: '<n>', text: describeLast(kind), parse: parseCount },
    provider: PROVIDER,
    project: PROJECT,
    model: MODEL,
    branch: BRANCH,
    tag: TAG,
    order: { value: '<order>', text: describeOrder(kind), choices: ['asc', 'desc'] },
    breakdown: { text: 'a row for each model' },
    compact: { text: 'only the most important columns' },
    timezone: DAYS_OF_TIME_ZONE,
    unit: UNIT,
    fleet: FLEET,
    noImport: NO_IMPORT,
    json: JSON_NOT_TABLE,
    noColor: NO_COLOR,
  } as const satisfies Record<string, OptionSpec>;
  return {
    ...options,
    ...(kind !== 'blocks' && { markdown: { text: 'the report as Markdown' } as const }),
    ...(kind !== 'blocks' && { chart: { text: 'draw it: a calendar of the days, and bars' } as const }),
    ...(kind === 'weekly' && { startOfWeek: START_OF_WEEK }),
  };
}

const START_OF_WEEK = {
  ...{ short: 'w', value: '<day>', text: 'the day that weeks begin with', initial: 'monday' },
  choices: WEEKDAYS,
} as const satisfies OptionSpec;

function toRequest(kind: ReportKind, { argument, options, settings, host }: PeriodCall) {
  const { since, until, last, provider } = options;
  if (since !== undefined && last !== undefined)
    throw new UsageError('--since and --last both say where to begin: use one.');
  if (since !== undefined && until !== undefined && since > until) {
    throw new UsageError('--since is after --until: there is no day between them.');
  }
  if (options.chart && options.json) throw new UsageError('--chart draws and --json does not: use one.');
  if (options.markdown && (options.json || options.chart)) {
    throw new UsageError(`--markdown is a report: leave out ${options.json ? '--json' : '--chart'}.`);
  }
  return {
    ...{ kind, since, until, last },
    /** 0 is Sunday. */
    firstWeekday: WEEKDAYS.indexOf(options.startOfWeek ?? 'monday'),
    provider: provider === 'all' ? undefined : provider,
    projectId: options.project,
    model: options.model,
    tags: toWantedTags(options),
    tagKey: argument,
    here: options.fleet ? undefined : nameHere(kind, host, settings),
    /** Undefined is the order that suits the report. */
    order: options.order,
    format: options.json ? 'json' : options.markdown ? 'markdown' : 'text',
    view: options.chart ? 'chart' : 'table',
    detail: options.breakdown ? 'models' : 'entries',
    extent: options.compact ? 'compact' : 'full',
    color: options.noColor ? 'never' : 'auto',
    timeZone: options.timezone ?? settings.timeZone.value,
    unit: options.unit ?? settings.unit.value,
  } as const;
}

function showPeriod(request: PeriodRequest, { host, paths }: { host: Host; paths: Paths }): Promise<number> {
  const calendar = createCalendar(request.timeZone);
  const nowMs = Date.now();
  const { kind } = request;
  return showReport(request, host, paths, async (store) => {
    if (kind === 'blocks') return showBlocks(store, request, host, { calendar, nowMs });
    const query = { ...request, kind, nowMs };
    const report = readSnapshot(store, (connection) => readPeriodReport(connection, query, calendar));
    if (request.format === 'json') return formatJson(toPeriodJson(report));
    if (request.format === 'markdown') {
      const { renderPeriodMarkdown } = await import('../../report/period-text.js');
      return renderPeriodMarkdown(report, { ...request, filters: describeFilters(request) });
    }
    return renderText(report, request, host, calendar.dayOf(nowMs));
  });
}

interface Now {
  readonly calendar: Calendar;
  readonly nowMs: number;
}

async function showBlocks(store: Store, request: PeriodRequest, host: Host, { calendar, nowMs }: Now): Promise<string> {
  const { readBlocks } = await import('../../report/blocks.js');
  const { since, until, last } = request;
  const shown = last ?? (since === undefined && until === undefined ? BLOCKS : undefined);
  const query = { ...request, last: shown, nowMs };
  const report = readSnapshot(store, (connection) => readBlocks(connection, query, calendar));
  if (request.format === 'json') {
    const { toBlocksJson } = await import('../../report/period-json.js');
    return formatJson(toBlocksJson(report));
  }
  const { renderBlocksText } = await import('../../report/blocks-text.js');
  const clock = createClock(request.timeZone);
  return renderBlocksText(report, { ...request, ...chooseStyle(request, host), clock });
}

async function renderText(report: PeriodReport, request: PeriodRequest, host: Host, today: Day): Promise<string> {
  // What draws tables takes longer to load than a report to read.
  const { renderPeriodText } = await import('../../report/period-text.js');
  return renderPeriodText(report, {
    ...request,
    ...chooseStyle(request, host),
    today,
    filters: describeFilters(request),
  });
}

function describeLast(kind: ReportKind): string {
  const { unit } = SUMMARIES[kind];
  return kind === 'blocks' ? 'the newest n windows (default: 20)' : `the last n ${unit} up to today, or to --until`;
}

function describeOrder(kind: ReportKind): string {
  return kind !== 'blocks' && !isOverTime(kind)
    ? 'the dearest last or first (default: "desc")'
    : 'the newest last or first (default: "asc")';
}

function listExamples(report: ReportKind): string {
  const kind = report === 'tag' ? 'tag team' : report;
  const lines = [
    [`codex-usage ${kind}`, report === 'blocks' ? 'the newest windows' : 'everything that is recorded'],
    [`codex-usage ${kind} --last 7`, `the last 7 ${SUMMARIES[report].unit}`],
    [`codex-usage ${kind} --since 2026-11-01 --provider codex`, ''],
    ...(report === 'blocks' ? [] : [[`codex-usage ${kind} --chart`, 'the same, drawn'] as const]),
    [`codex-usage ${kind} --json | jq .totals.costUsd`, ''],
  ] as const;
  return `\nExamples:\n${lines.map(([example, meaning]) => `  ${example.padEnd(34)}${meaning}`.trimEnd()).join('\n')}\n`;
}
