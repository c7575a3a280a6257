import { UsageError } from '../../errors.js';
import { createClock } from '../../report/calendar.js';
import { selectRunOrSession } from '../../report/selector.js';
import { toWhyJson } from '../../report/why-json.js';
import { readWhy } from '../../report/why-report.js';
import { renderWhyMarkdown, renderWhyText } from '../../report/why-text.js';
import { readSnapshot } from '../../store/queries.js';
import { defineCommand } from './command.js';
import { findPlace } from './cost.js';
import { chooseStyle } from './host.js';
import * as shared from './shared-options.js';
import { formatJson, readForm, showReport } from './show.js';

const HELP = `
Splits the cost into what is billed at rates of its own, compares an iteration with the median of the
run's others of its phase, and names the cause of each of the three dearest responses, with what that
cause alone cost. A cause is named only where the recorded counts prove it.

Examples:
  codex-usage why                      the newest run of this directory's project
  codex-usage why nightly-7/reviewer/3 the third review of that run
  codex-usage why nightly-7//3         its third iteration, all phases
  codex-usage why 019a8f2e             the session whose thread id begins so
  codex-usage why nightly-7 --markdown >> "$GITHUB_STEP_SUMMARY"
`;

export const why = defineCommand({
  name: 'why',
  argument: { placeholder: '[selector]', text: 'a run, run/phase/iteration, or a session' },
  summary: 'why a run, an iteration or a session cost what it cost',
  description: 'Why a run, an iteration of it, or a session cost what it cost, and what to change.',
  options: {
    project: { value: '<id>', text: 'only runs of this project' },
    ...shared.TAGS,
    fleet: shared.FLEET,
    noImport: shared.NO_IMPORT,
    timezone: shared.TIMES_OF_TIME_ZONE,
    json: shared.JSON_NOT_TABLE,
    markdown: shared.MARKDOWN,
    noColor: shared.NO_COLOR,
  },
  help: HELP,
  async run(call) {
    const { host, options, settings, argument: id } = call;
    if (id === '') throw new UsageError('The selector is empty.');
    readForm(call);
    await call.prepare(options.noImport ? 'as-it-is' : 'import');
    const place = findPlace(host, settings.project.value);
    const query = { id, projectId: options.project, tags: shared.toWantedTags(options), place };
    return showReport(call, (store, { format, timeZone }) => {
      const { selection, report } = readSnapshot(store, (connection) => {
        const chosen = selectRunOrSession(connection, query);
        return { selection: chosen, report: readWhy(connection, chosen) };
      });
      if (format === 'json') return formatJson(toWhyJson(report, selection));
      const clock = createClock(timeZone);
      if (format === 'markdown') return renderWhyMarkdown(report, selection, clock);
      return renderWhyText(report, selection, { ...chooseStyle(call), clock });
    });
  },
});
