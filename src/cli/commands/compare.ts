import { listPrices } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import { Pricer } from '../../pricing/pricer.js';
import { createPriceBook } from '../../pricing/prices.js';
import { createCalendar } from '../../report/calendar.js';
import { toComparisonJson } from '../../report/compare-json.js';
import { type OperandContext, readNewestRuns, readOperand } from '../../report/compare-operand.js';
import { type Comparison, readComparison } from '../../report/compare-report.js';
import { renderComparison, renderComparisonMarkdown } from '../../report/compare-text.js';
import { toMoments } from '../../report/period-range.js';
import type { Connection } from '../../store/open.js';
import { readSnapshot } from '../../store/queries.js';
import { findPhase, PHASES } from '../../usage/phase.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { findPlace } from './cost.js';
import { chooseStyle } from './host.js';
import * as shared from './shared-options.js';
import { formatJson, readForm, showReport } from './show.js';

const OPTIONS = {
  as: { value: '<model>', text: 'the same responses at the price of this model too: arithmetic, not a forecast' },
  phase: { value: '<name>', text: `only this phase: ${PHASES.join(', ')}` },
  ...shared.FILTERS,
  timezone: shared.DAYS_OF_TIME_ZONE,
  fleet: shared.FLEET,
  noImport: shared.NO_IMPORT,
  json: shared.JSON_NOT_TABLE,
  markdown: shared.MARKDOWN,
  noColor: shared.NO_COLOR,
} satisfies Record<string, OptionSpec>;

const HELP = `
What is compared can be written as
  nightly-7               a run; nightly-7/reviewer and nightly-7//3 are parts of it
  model:gpt-5.4           a model, or those that a pattern such as "model:gpt-5.4*" means
  project:shop            a project
  phase:reviewer          a phase
  branch:main, pr:12      what has this tag; also ticket:ABC-7 and tag:team=search
  2026-11-24, 2026-11     a day, a month
  2026-11-01..2026-11-14  the days from one to another; either can be left out
  last-week, this-month   also today, yesterday, this-week, last-month; weeks begin on Monday
  session:019a8f2e        a session
A day is also the name of the run that a project has without a run id: run:2026-11-24 is that run.

The first is what the others are compared with. Without any, the newest run of this directory's project is
compared with the one before. A run is completed when the last of its invocations completed. With fewer than
5 iterations or runs there are no quartiles, and no difference is judged.

  ~         not all of it was reported by the API: parsed from text, or estimated by a tokenizer
  +         some responses, or fees, have no known price, so more was spent
  unpriced  none of the responses has a known price

Examples:
  codex-usage compare                          the newest run, and the one before
  codex-usage compare nightly-6 nightly-7
  codex-usage compare branch:main branch:feature/search
  codex-usage compare last-month this-month --phase reviewer
  codex-usage compare model:gpt-5.4 model:gpt-5.5 --since 2026-11-01
  codex-usage compare nightly-7 --as gpt-5.4-mini
  codex-usage compare nightly-6 nightly-7 --json | jq '.sides[1].difference.perIteration'
`;

export const compare = defineCommand({
  name: 'compare',
  argument: { placeholder: '[what...]', text: 'two or more runs, models, projects, phases, branches or spans of days' },
  summary: 'runs, branches, models or spans of time side by side',
  description:
    'Compares runs, branches, models, projects or spans of time: in all, per iteration and per completed run.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    checkOptions(call);
    await call.prepare(call.options.noImport ? 'as-it-is' : 'import');
    return showReport(call, (store, { format, timeZone }) => {
      const comparison = readSnapshot(store, (connection) => readAsked(connection, call, timeZone));
      if (format === 'json') return formatJson(toComparisonJson(comparison));
      if (format === 'markdown') return renderComparisonMarkdown(comparison);
      return renderComparison(comparison, chooseStyle(call));
    });
  },
});

type CompareCall = Call<typeof OPTIONS>;

function checkOptions(call: CompareCall): void {
  const { argumentList: operands, options } = call;
  if (operands.includes('')) throw new UsageError('One of the things to compare is empty.');
  if (options.as?.trim() === '') throw new UsageError('The model of --as is empty.');
  if (operands.length === 1 && options.as === undefined) {
    throw new UsageError(`Say what to compare ${operands[0]} with, or give another model's price with --as.`);
  }
  readForm(call);
  shared.expectDays(options);
  if (options.phase !== undefined && !findPhase(options.phase)) {
    throw new UsageError(`"${options.phase}" is not a phase: use one of ${PHASES.join(', ')}.`);
  }
}

function readAsked(connection: Connection, call: CompareCall, timeZone: string | undefined): Comparison {
  const { host, options, settings, argumentList } = call;
  const calendar = createCalendar(timeZone);
  const { project: projectId, model, phase, as: other } = options;
  const filter = { projectId, model, phase: findPhase(phase ?? ''), tags: shared.toWantedTags(options) };
  const context: OperandContext = {
    ...{ calendar, today: calendar.dayOf(Date.now()), place: findPlace(host, settings.project.value) },
    within: { ...filter, ...toMoments(options, calendar) },
  };
  const operands =
    argumentList.length === 0
      ? readNewestRuns(connection, other === undefined ? 2 : 1, context)
      : argumentList.map((text) => readOperand(connection, text, context));
  if (other === undefined) return readComparison(connection, operands, undefined);
  const pricer = new Pricer(createPriceBook({ user: listPrices(settings) }));
  return readComparison(connection, operands, { model: other, price: (response) => pricer.price(response) });
}
