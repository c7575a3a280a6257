import { hostname, userInfo } from 'node:os';
import type { Settings } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import { createCalendar, createClock } from '../../report/calendar.js';
import { toPeriodJson } from '../../report/period-json.js';
import { isOverTime, KINDS, type PeriodKind } from '../../report/period-range.js';
import { readPeriodReport } from '../../report/period-report.js';
import { describeFilters } from '../../report/tags.js';
import { readSnapshot } from '../../store/queries.js';
import type { Store } from '../../store/store.js';
import { parseLabels } from '../../usage/fleet-target.js';
import { type Call, type Command, defineCommand, type OptionSpec } from './command.js';
import { chooseStyle, type Host } from './host.js';
import * as shared from './shared-options.js';
import { type Form, formatJson, readForm, showReport } from './show.js';

/** `blocks`: windows of five hours, as subscriptions are limited by. */
export type ReportKind = PeriodKind | 'blocks';

/** How many windows `blocks` shows when nothing says which. */
const BLOCKS = 20;

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** What a report is about, in words. A report that is not here is about what each day, week, model, … cost. */
const SUMMARIES: Partial<Record<ReportKind, string>> = {
  branch: 'what was done on each branch cost',
  tag: 'what each value of a tag cost',
  user: 'what each user spent',
  machine: 'what was spent on each machine',
  team: 'what each team spent',
  blocks: 'what each window of five hours cost',
};

/** The unit in which `--last` counts. A report that is not here counts days. */
const UNITS: Partial<Record<ReportKind, string>> = { weekly: 'weeks', monthly: 'months', blocks: 'windows' };

const MARKS = `
  ~         not all of it was reported by the API: parsed from text, or estimated by a tokenizer
  +         some responses, or fees, have no known price, so more was spent
  unpriced  none of the responses has a known price
`;

export function createPeriodCommand(kind: ReportKind): Command {
  const summary = SUMMARIES[kind] ?? `what each ${kind === 'blocks' ? kind : KINDS[kind].words[0]} cost`;
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
      checkOptions(call);
      await call.prepare(call.options.noImport ? 'as-it-is' : 'import');
      return showReport(call, (store, form) => {
        return kind === 'blocks' ? showBlocks(store, call, form) : showPeriod(kind, store, call, form);
      });
    },
  });
}

type PeriodCall = Call<ReturnType<typeof listOptions>>;

function listOptions(kind: ReportKind) {
  const options = {
    ...shared.FILTERS,
    last: { value: '<n>', text: describeLast(kind), parse: shared.parseCount },
    provider: shared.PROVIDER,
    order: { value: '<order>', text: describeOrder(kind), choices: ['asc', 'desc'] },
    breakdown: { text: 'a row for each model' },
    compact: { text: 'only the most important columns' },
    timezone: shared.DAYS_OF_TIME_ZONE,
    unit: shared.UNIT,
    fleet: shared.FLEET,
    noImport: shared.NO_IMPORT,
    json: shared.JSON_NOT_TABLE,
    noColor: shared.NO_COLOR,
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

function checkOptions(call: PeriodCall): void {
  const { options } = call;
  if (options.since !== undefined && options.last !== undefined) {
    throw new UsageError('--since and --last both say where to begin: use one.');
  }
  shared.expectDays(options);
  if (options.chart && options.json) throw new UsageError('--chart draws and --json does not: use one.');
  if (options.markdown && options.chart) throw new UsageError('--markdown is a report: leave out --chart.');
  readForm(call);
}

/** Makes of a command line the question to the record and the form of the answer. */
function toRequest(kind: ReportKind, { argument, options, settings, host }: PeriodCall, form: Form) {
  const { since, until, last, provider, project: projectId, model, order } = options;
  const calendar = createCalendar(form.timeZone);
  const nowMs = Date.now();
  return {
    ...form,
    ...{ since, until, last, projectId, model, tags: shared.toWantedTags(options), tagKey: argument },
    /** 0 is Sunday. */
    firstWeekday: WEEKDAYS.indexOf(options.startOfWeek ?? 'monday'),
    provider: provider === 'all' ? undefined : provider,
    here: options.fleet ? undefined : nameHere(kind, host, settings),
    /** Undefined is the order that suits the report. */
    order,
    view: options.chart ? 'chart' : 'table',
    detail: options.breakdown ? 'models' : 'entries',
    extent: options.compact ? 'compact' : 'full',
    ...{ calendar, nowMs, today: calendar.dayOf(nowMs) },
  } as const;
}

/** By whom the usage of this machine is, where nothing else is recorded of it. */
function nameHere(kind: ReportKind, { env }: Host, { fleet }: Settings): string | undefined {
  const target = fleet[0]?.value;
  if (kind === 'user') return env.CODEX_METERED_USER || target?.user || readAccountName();
  if (kind === 'machine') return hostname();
  if (kind === 'team') return target?.labels.team ?? parseLabels(env.CODEX_METERED_LABELS ?? '').team;
  return undefined;
}

function readAccountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // In containers a process can be of a user without an entry.
    return undefined;
  }
}

async function showPeriod(kind: PeriodKind, store: Store, call: PeriodCall, form: Form): Promise<string> {
  const request = { ...toRequest(kind, call, form), kind };
  const report = readSnapshot(store, (connection) => readPeriodReport(connection, request, request.calendar));
  if (form.format === 'json') return formatJson(toPeriodJson(report));
  const shape = { ...request, filters: describeFilters(request) };
  if (form.format === 'markdown') {
    const { renderPeriodMarkdown } = await import('../../report/period-text.js');
    return renderPeriodMarkdown(report, shape);
  }
  // The code that draws tables takes longer to load than a report takes to read, and JSON does without it.
  const { renderPeriodText } = await import('../../report/period-text.js');
  return renderPeriodText(report, { ...shape, ...chooseStyle(call) });
}

async function showBlocks(store: Store, call: PeriodCall, form: Form): Promise<string> {
  const { readBlocks } = await import('../../report/blocks.js');
  const request = toRequest('blocks', call, form);
  const isOpen = request.since === undefined && request.until === undefined;
  const query = { ...request, last: request.last ?? (isOpen ? BLOCKS : undefined) };
  const report = readSnapshot(store, (connection) => readBlocks(connection, query, request.calendar));
  if (form.format === 'json') {
    const { toBlocksJson } = await import('../../report/period-json.js');
    return formatJson(toBlocksJson(report));
  }
  const { renderBlocksText } = await import('../../report/blocks-text.js');
  return renderBlocksText(report, { ...request, ...chooseStyle(call), clock: createClock(form.timeZone) });
}

function describeLast(kind: ReportKind): string {
  if (kind === 'blocks') return `the newest n windows (default: ${BLOCKS})`;
  return `the last n ${UNITS[kind] ?? 'days'} up to today, or to --until`;
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
    [`codex-usage ${kind} --last 7`, `the last 7 ${UNITS[report] ?? 'days'}`],
    [`codex-usage ${kind} --since 2026-11-01 --provider codex`, ''],
    ...(report === 'blocks' ? [] : [[`codex-usage ${kind} --chart`, 'the same, drawn'] as const]),
    [`codex-usage ${kind} --json | jq .totals.costUsd`, ''],
  ] as const;
  return `\nExamples:\n${lines.map(([example, meaning]) => `  ${example.padEnd(34)}${meaning}`.trimEnd()).join('\n')}\n`;
}
