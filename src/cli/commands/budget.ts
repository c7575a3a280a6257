import { listLimits } from '../../config/settings.js';
import { nameProject } from '../../io/work-tree.js';
import { readBudgetStatus, renderBudgetStatus, toBudgetStatusJson } from '../../report/budget-status.js';
import { createCalendar } from '../../report/calendar.js';
import { readSnapshot } from '../../store/queries.js';
import { BUDGET_EXIT_CODE } from '../../usage/budget.js';
import { defineCommand, type OptionSpec } from './command.js';
import { DAYS_OF_TIME_ZONE, FLEET, JSON_NOT_TEXT, PROJECT, TAGS, toWantedTags } from './shared-options.js';
import { formatJson, showReport } from './show.js';

const OPTIONS = {
  check: { text: `exit with ${BUDGET_EXIT_CODE} where a limit is reached, or too little of a rate limit is left` },
  project: { ...PROJECT, text: 'of this project (default: that of this folder)' },
  run: { value: '<id>', text: 'limits of this run too' },
  ...TAGS,
  timezone: DAYS_OF_TIME_ZONE,
  fleet: FLEET,
  json: JSON_NOT_TEXT,
} satisfies Record<string, OptionSpec>;

const HELP = `
The limits are those of [budget] in codex-metered.toml and of the variables CODEX_METERED_BUDGET_… and
CODEX_METERED_MIN_LEFT. Exit code with --check: 0 within them, ${BUDGET_EXIT_CODE} where one is reached, 1 where it cannot be told.
With --branch or --tag, only what has them is compared with the limits.

Examples:
  codex-usage budget                   how much of each limit is spent
  codex-usage budget --check && codex-metered exec "…"
  codex-usage budget --tag pr=12 --check   whether a pull request alone has spent a limit
`;

export const budget = defineCommand({
  name: 'budget',
  summary: 'how much of each budget is spent',
  description: 'Shows how much of each limit of a project is spent, and of which rate limit too little is left.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    const { options, places, settings, prepare } = call;
    await prepare();
    let isReached = false;
    const shown = await showReport(call, (store, { format, timeZone }) => {
      const status = readSnapshot(store, (connection) =>
        readBudgetStatus(connection, {
          projectId: options.project ?? settings.project.value ?? nameProject(places.cwd).value,
          ...{ runId: options.run, limits: listLimits(settings), minLeft: settings.minLeft.value },
          ...{ tags: toWantedTags(options), calendar: createCalendar(timeZone), nowMs: Date.now() },
        }),
      );
      isReached = status.state === 'reached';
      if (format === 'json') return formatJson(toBudgetStatusJson(status));
      return renderBudgetStatus(status, options.fleet ? 'fleet' : 'machine');
    });
    return options.check && isReached ? BUDGET_EXIT_CODE : shown;
  },
});
