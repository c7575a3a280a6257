import { basename, join, sep } from 'node:path';
import { nameAgents } from '../../agents/registry.js';
import { UsageError } from '../../errors.js';
import { findWorkTree } from '../../io/work-tree.js';
import { createClock } from '../../report/calendar.js';
import { toCostJson } from '../../report/cost-json.js';
import { readCostReport } from '../../report/cost-report.js';
import { COST_SORTS } from '../../report/cost-table.js';
import { renderCostMarkdown, renderCostText } from '../../report/cost-text.js';
import { readList, renderListText, toListJson } from '../../report/listing.js';
import { selectScope } from '../../report/selector.js';
import { readSnapshot } from '../../store/queries.js';
import type { Place } from '../../store/scopes.js';
import type { Store } from '../../store/store.js';
import { type Call, defineCommand, nameOption, type OptionSpec } from './command.js';
import { chooseStyle, type Host } from './host.js';
import * as shared from './shared-options.js';
import { type Form, formatJson, readForm, showReport } from './show.js';

const LIST_LENGTH = 20;

const RUN_HELP = `
The table has a row per invocation of Codex, a row for each model or source where there are several,
the sums of each iteration and each phase, and the total. Without an id it is the newest run of this
directory's project, or else the newest of all. An id may go on with a phase and an iteration.

  ~         not all of it was reported by the API: parsed from text, or estimated by a tokenizer
  +         some responses, or fees, have no known price, so more was spent
  unpriced  none of the responses has a known price
  -         no response was recorded

Examples:
  codex-usage run                      the newest run
  codex-usage run nightly-7            that run, or the one whose id begins so
  codex-usage run nightly-7/reviewer/3 the third iteration of its reviewer
  codex-usage run nightly-7//3         the third iteration of all its phases
  codex-usage run --sort cost --top 10 the ten dearest invocations and iterations
  codex-usage run --chart              a bar for each iteration
  codex-usage run --list               the newest runs
  codex-usage run --breakdown          every response of the newest run
  codex-usage run nightly-7 --json | jq .totals.costUsd
  codex-usage run --markdown >> "$GITHUB_STEP_SUMMARY"
`;

const SESSION_HELP = `
As "codex-usage run", for one Codex thread: a thread that was resumed twice has three invocations.
What its child threads (sub-agents, reviews) used is counted with the invocation that started them.
Sessions of ${nameAgents()} that were not metered are read from history: a row per thread.

Examples:
  codex-usage session                  the newest session
  codex-usage session 019a8f2e         the session whose thread id begins so
  codex-usage session --list
`;

export const run = defineCommand({
  name: 'run',
  argument: { placeholder: '[id]' },
  summary: 'what a run cost, invocation by invocation',
  description: 'What a run cost: each invocation of Codex, each phase, and the total.',
  options: listOptions('run'),
  help: RUN_HELP,
  run: (call) => showCost('run', call, 'as-it-is'),
});

export const session = defineCommand({
  name: 'session',
  argument: { placeholder: '[id]' },
  summary: 'what a session cost, metered or not',
  description: `What a session cost: a thread of ${nameAgents('or')}, metered or read from history.`,
  options: { noImport: shared.NO_IMPORT, ...listOptions('session') },
  help: SESSION_HELP,
  run: (call) => showCost('session', call, call.options.noImport ? 'as-it-is' : 'import'),
});

type Kind = 'run' | 'session';
type CostCall = Call<ReturnType<typeof listOptions>>;

function listOptions(kind: Kind) {
  return {
    list: { short: 'l', text: `list the newest ${kind}s instead` },
    last: { value: '<n>', text: `with --list: how many (default: ${LIST_LENGTH})`, parse: shared.parseCount },
    project: { value: '<id>', text: `only ${kind}s of this project` },
    phase: { value: '<name>', text: 'only this phase: builder, reviewer, chat, handoff, other' },
    iteration: { value: '<n>', text: 'only this iteration', parse: shared.parseCount },
    model: shared.MODEL,
    ...shared.TAGS,
    sort: { value: '<by>', text: 'the order of invocations and iterations (default: time)', choices: COST_SORTS },
    top: {
      value: '<n>',
      text: 'only the first n invocations and iterations, the others as one row',
      parse: shared.parseCount,
    },
    chart: { text: 'a bar for each iteration instead of the table' },
    breakdown: { text: 'a row for every model response' },
    notes: { text: 'all notes in full: fallbacks, disagreements, what was unreadable' },
    compact: { text: 'only the most important columns' },
    timezone: shared.TIMES_OF_TIME_ZONE,
    unit: shared.UNIT,
    fleet: shared.FLEET,
    json: shared.JSON_NOT_TABLE,
    markdown: shared.MARKDOWN,
    noColor: shared.NO_COLOR,
  } satisfies Record<string, OptionSpec>;
}

async function showCost(kind: Kind, call: CostCall, history: 'import' | 'as-it-is'): Promise<number> {
  checkOptions(kind, call);
  await call.prepare(history);
  return showReport(call, (store, form) => {
    return call.options.list ? renderList(kind, store, call, form) : renderReport(kind, store, call, form);
  });
}

function checkOptions(kind: Kind, call: CostCall): void {
  const { argument: id, options } = call;
  if (id === '') throw new UsageError(`The id of the ${kind} is empty.`);
  if (options.list && id !== undefined) throw new UsageError(`--list lists all ${kind}s: leave out "${id}".`);
  if (options.last !== undefined && !options.list) throw new UsageError('--last says how long --list is: use both.');
  if (options.markdown && options.list) throw new UsageError('--markdown is a report: leave out --list.');
  readForm(call);
  refuseContradictions(options);
}

/** Lists have no parts, and data has no rows to sort, cut or draw. */
function refuseContradictions(options: CostCall['options']): void {
  const given = (...names: (keyof CostCall['options'])[]) => names.filter((name) => options[name]).map(nameOption);
  const [ofReport] = given('phase', 'iteration', 'model', 'sort', 'top', 'chart');
  if (options.list && ofReport) throw new UsageError(`${ofReport} is for a report: leave out --list.`);
  const [ofTable] = given('sort', 'top', 'chart');
  if (options.json && ofTable) throw new UsageError(`${ofTable} is for the text: leave out --json.`);
  if (options.markdown && options.chart) throw new UsageError('--chart is for a terminal: leave out --markdown.');
}

function renderReport(kind: Kind, store: Store, call: CostCall, form: Form): string {
  const { host, settings, options, argument: id } = call;
  const { project: projectId, phase, iteration, model, sort, top } = options;
  const place = findPlace(host, settings.project.value);
  const asked = { kind, id, projectId, phase, iteration, model, tags: shared.toWantedTags(options), place };
  const shape = {
    ...{ ...form, sort, top },
    detail: options.breakdown ? 'responses' : 'models',
    form: options.chart ? 'chart' : 'table',
    notes: options.notes ? 'all' : 'brief',
    extent: options.compact ? 'compact' : 'full',
  } as const;
  const { selection, report } = readSnapshot(store, (connection) => {
    const chosen = selectScope(connection, asked);
    const query = { ...asked, ...shape, part: chosen.part };
    return { selection: chosen, report: readCostReport(connection, chosen.scope, query) };
  });
  if (form.format === 'json') return formatJson(toCostJson(report, selection, shape));
  const drawn = { ...shape, clock: createClock(form.timeZone), nowMs: Date.now() };
  if (form.format === 'markdown') return renderCostMarkdown(report, selection, drawn);
  return renderCostText(report, selection, { ...drawn, ...chooseStyle(call) });
}

function renderList(kind: Kind, store: Store, call: CostCall, { format, timeZone, unit }: Form): string {
  const { project: projectId, last: limit = LIST_LENGTH } = call.options;
  const query = { kind, projectId, tags: shared.toWantedTags(call.options), limit, unit };
  const entries = readSnapshot(store, (connection) => readList(connection, query));
  if (format === 'json') return formatJson(toListJson(kind, entries));
  return renderListText(entries, { ...chooseStyle(call), clock: createClock(timeZone) });
}

/** Returns the work tree of the current directory, or that directory alone. `project` is the name that the user has set. */
export function findPlace({ cwd }: Host, project: string | undefined): Place {
  const workTree = findWorkTree(cwd);
  const directory = workTree?.root ?? cwd;
  return {
    directory,
    below: workTree && join(workTree.root, sep),
    projectId: project ?? basename(workTree?.repository ?? cwd),
  };
}
