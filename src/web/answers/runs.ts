import { createCalendar, type Day } from '../../report/calendar.js';
import { toCostJson } from '../../report/cost-json.js';
import { readCostReport } from '../../report/cost-report.js';
import { toFigures } from '../../report/figures.js';
import { type ListEntry, toListJson } from '../../report/listing.js';
import { toMoments } from '../../report/period-range.js';
import { assertProject, selectScope } from '../../report/selector.js';
import type { Connection } from '../../store/open.js';
import type { Scope } from '../../store/queries.js';
import { type RunSumRow, readRunSums } from '../../store/run-queries.js';
import { findScopes, readSummary } from '../../store/scopes.js';
import type { CostUnit } from '../../usage/options.js';
import type { Question } from '../answers.js';
import {
  count,
  day,
  name,
  requiredName,
  TAG_PARAMETERS,
  type TagQuery,
  timeZone,
  toWantedTags,
} from '../parameters.js';

/** The server has no working directory that could name a project. */
const PLACE = { directory: '', below: undefined, projectId: '' };

interface RunsQuery extends TagQuery {
  readonly project: string | undefined;
  readonly phase: string | undefined;
  readonly model: string | undefined;
  readonly text: string | undefined;
  readonly since: Day | undefined;
  readonly until: Day | undefined;
  readonly timezone: string | undefined;
  readonly last: number;
}

/**
 * As `codex-usage run --list --json`. With `since`, `until`, `phase` or `model` the runs that used anything of that, and the sums of
 * that alone; with `branch` or `tag` of what has these tags. `text` is a part of the run's or the project's name.
 */
export const runsQuestion: Question<RunsQuery> = {
  path: '/api/runs',
  parameters: {
    project: name,
    phase: name,
    model: name,
    text: name,
    since: day,
    until: day,
    timezone: timeZone,
    last: count(50, 1000),
    ...TAG_PARAMETERS,
  },
  answer(connection, { project, phase, model, text, since, until, timezone, last, ...tagQuery }, surroundings) {
    const tags = toWantedTags(tagQuery);
    assertProject(connection, project);
    const moments = toMoments({ since, until }, createCalendar(timezone ?? surroundings.timeZone));
    const filter = { projectId: project, phase, model, tags, ...moments };
    const isPartial = [phase, model, since, until].some((one) => one !== undefined);
    const sums = isPartial ? readRunSums(connection, filter) : undefined;
    const scopes = sums
      ? sums.map(({ projectId, runId }) => ({ kind: 'run', projectId, runId, tags }) as const)
      : findScopes(connection, 'run', { projectId: project, tags, limit: text === undefined ? last : MOST_RUNS });
    const entries = scopes
      .map((scope, index) => ({ scope, sums: sums?.[index] }))
      .filter(({ scope }) => text === undefined || hasText(scope, text))
      .map((one) => describeRun(connection, one));
    if (sums) entries.sort((a, b) => b.summary.latestAtMs - a.summary.latestAtMs);
    return toListJson('run', entries.slice(0, last));
  },
};

/** More runs than anybody has. */
const MOST_RUNS = 100_000;

/** The run as a whole, or what `sums` says that it used. */
function describeRun(
  connection: Connection,
  { scope, sums }: { scope: Scope; sums: RunSumRow | undefined },
): ListEntry {
  const summary = { ...readSummary(connection, scope), ...sums };
  return { scope, summary, figures: toFigures(summary, { ...summary, evidence: [] }) };
}

function hasText(scope: Scope, text: string): boolean {
  return scope.kind === 'run' && `${scope.projectId} ${scope.runId}`.toLowerCase().includes(text.toLowerCase());
}

/** As `codex-usage run ID --breakdown --json`. */
export const runQuestion: Question<{ id: string; project: string | undefined }> = {
  path: '/api/run',
  parameters: { id: requiredName, project: name },
  answer: (connection, { id, project }, { unit }) =>
    readCost(connection, { kind: 'run', id, projectId: project }, unit),
};

/** As `codex-usage session ID --breakdown --json`. */
export const sessionQuestion: Question<{ id: string }> = {
  path: '/api/session',
  parameters: { id: requiredName },
  answer: (connection, { id }, { unit }) => readCost(connection, { kind: 'session', id, projectId: undefined }, unit),
};

interface Wish {
  readonly kind: 'run' | 'session';
  readonly id: string;
  readonly projectId: string | undefined;
}

function readCost(connection: Connection, wish: Wish, unit: CostUnit): object {
  const selection = selectScope(connection, { ...wish, place: PLACE });
  const report = readCostReport(connection, selection.scope, { detail: 'responses', unit, part: selection.part });
  return toCostJson(report, selection, { detail: 'responses' });
}
