import { createCalendar } from '../../report/calendar.js';
import { toCostJson } from '../../report/cost-json.js';
import { readCostReport } from '../../report/cost-report.js';
import { toFigures } from '../../report/figures.js';
import { type ListEntry, toListJson } from '../../report/listing.js';
import { toMoments } from '../../report/period-range.js';
import { assertProject, type Part, type Selection, selectScope } from '../../report/selector.js';
import { SCHEMA_VERSION, toIso, toSumsJson } from '../../report/sums-json.js';
import { toWhyJson } from '../../report/why-json.js';
import { readWhy } from '../../report/why-report.js';
import type { Connection } from '../../store/open.js';
import type { Scope } from '../../store/queries.js';
import { type RunSumRow, readRunSums } from '../../store/run-queries.js';
import { findScopes, readSummary } from '../../store/scopes.js';
import { readCostliestSessions } from '../../store/session-queries.js';
import type { CostUnit } from '../../usage/options.js';
import type { Provider } from '../../usage/provider.js';
import type { Question } from '../answers.js';
import {
  count,
  LIST_PARAMETERS,
  type ListQuery,
  name,
  oneOf,
  optional,
  provider,
  requiredName,
  toWantedTags,
} from '../parameters.js';

/** The server has no working directory that could name a project. */
const PLACE = { directory: '', below: undefined, projectId: '' };

/**
 * As `codex-usage run --list --json`. With `since`, `until`, `phase` or `model` the runs that used anything of that, and the sums of
 * that alone; with `branch` or `tag` of what has these tags. `text` is a part of the run's or the project's name.
 */
export const runsQuestion: Question<ListQuery & { readonly phase: string | undefined }> = {
  path: '/api/runs',
  parameters: { ...LIST_PARAMETERS, phase: name },
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
  return { scope, summary, figures: toFigures(summary) };
}

function hasText(scope: Scope, text: string): boolean {
  return scope.kind === 'run' && `${scope.projectId} ${scope.runId}`.toLowerCase().includes(text.toLowerCase());
}

/** The sessions that cost most. What a session used of other days, models or providers than are asked for is left out. */
export const sessionsQuestion: Question<ListQuery & { readonly provider: Provider | undefined }> = {
  path: '/api/sessions',
  parameters: { provider, ...LIST_PARAMETERS },
  answer(connection, { project, last, since, until, timezone, ...query }, surroundings) {
    const moments = toMoments({ since, until }, createCalendar(timezone ?? surroundings.timeZone));
    const filter = { ...query, ...moments, projectId: project, tags: toWantedTags(query) };
    const rows = readCostliestSessions(connection, { ...filter, limit: last });
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'costliest-sessions',
      sessions: rows.map((row) => ({
        threadId: row.sessionId,
        providers: row.providers,
        projectIds: row.projectIds,
        threadCount: row.threadCount,
        invocationCount: row.invocationCount,
        firstResponseAt: toIso(row.firstResponseAtMs),
        lastResponseAt: toIso(row.lastResponseAtMs),
        ...toSumsJson(toFigures(row)),
      })),
    };
  },
};

/** As `codex-usage run ID --breakdown --json`. */
export const runQuestion: Question<{ id: string; project: string | undefined }> = {
  path: '/api/run',
  parameters: { id: requiredName, project: name },
  answer: (connection, { id, project }, { unit }) =>
    readCost(connection, select(connection, { kind: 'run', id, project }), unit),
};

/** As `codex-usage session ID --breakdown --json`. */
export const sessionQuestion: Question<{ id: string }> = {
  path: '/api/session',
  parameters: { id: requiredName },
  answer: (connection, { id }, { unit }) => readCost(connection, select(connection, { kind: 'session', id }), unit),
};

/** As `codex-usage why ID --json`, of a run, of a phase or an iteration of it, or of a session. */
export const whyQuestion: Question<Wish & { readonly [Name in 'phase' | 'iteration']: Part[Name] }> = {
  path: '/api/why',
  parameters: {
    kind: oneOf(['run', 'session'], 'run'),
    id: requiredName,
    project: name,
    phase: name,
    iteration: optional(count(0, 999_999_999)),
  },
  answer(connection, { phase, iteration, ...wish }) {
    const selection = select(connection, wish, { phase, iteration });
    return toWhyJson(readWhy(connection, selection), selection);
  },
};

interface Wish {
  readonly kind: Scope['kind'];
  readonly id: string;
  readonly project?: string | undefined;
}

function select(connection: Connection, { project, ...wish }: Wish, part: Part = {}): Selection {
  return selectScope(connection, { ...wish, ...part, projectId: project, place: PLACE });
}

function readCost(connection: Connection, selection: Selection, unit: CostUnit): object {
  const report = readCostReport(connection, selection.scope, { detail: 'responses', unit, part: selection.part });
  return toCostJson(report, selection, { detail: 'responses' });
}
