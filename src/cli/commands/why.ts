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
import {
  BRANCH,
  FLEET,
  JSON_NOT_TABLE,
  NO_COLOR,
  NO_IMPORT,
  TAG,
  TIMES_OF_TIME_ZONE,
  toWantedTags,
} from './shared-options.js';
import { formatJson, showReport } from './show.js';

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
    branch: BRANCH,
    tag: TAG,
    fleet: FLEET,
    noImport: NO_IMPORT,
    timezone: TIMES_OF_TIME_ZONE,
    json: JSON_NOT_TABLE,
    markdown: { text: 'the report as Markdown, for the summary of a CI job' },
    noColor: NO_COLOR,
  },
  help: HELP,
  async run(call) {
    const { host, paths, options, settings, argument: id } = call;
    if (id === '') throw new UsageError('The selector is empty.');
    if (options.json && options.markdown) throw new UsageError('--markdown is a report: leave out --json.');
    await call.prepare(options.noImport ? 'as-it-is' : 'import');
    const timeZone = options.timezone ?? settings.timeZone.value;
    const place = findPlace(host, settings.project.value);
    const format = options.json ? 'json' : options.markdown ? 'markdown' : 'text';
    return showReport({ format, timeZone }, host, paths, (store) => {
      const { selection, report } = readSnapshot(store, (connection) => {
        const chosen = selectRunOrSession(connection, {
          id,
          projectId: options.project,
          tags: toWantedTags(options),
          place,
        });
        return { selection: chosen, report: readWhy(connection, chosen) };
      });
      if (format === 'json') return formatJson(toWhyJson(report, selection));
      const clock = createClock(timeZone);
      if (format === 'markdown') return renderWhyMarkdown(report, selection, clock);
      const style = chooseStyle({ color: options.noColor ? 'never' : 'auto' }, host);
      return renderWhyText(report, selection, { ...style, clock });
    });
  },
});
