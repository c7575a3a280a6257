import { createCalendar } from '../../report/calendar.js';
import { type Figures, figuresOfModel, sumFigures, toFigures } from '../../report/figures.js';
import { resolveRange, toMoments } from '../../report/period-range.js';
import type { PeriodEntry } from '../../report/period-report.js';
import { SCHEMA_VERSION, toSumsJson } from '../../report/sums-json.js';
import type { Connection } from '../../store/open.js';
import { readSums, type UsageFilter } from '../../store/period-queries.js';
import type { SumRow } from '../../store/queries.js';
import { readRunSums } from '../../store/run-queries.js';
import { subtractUsage } from '../../usage/usage.js';
import type { Question } from '../answers.js';
import { oneOf, toWantedTags } from '../parameters.js';
import { assertRange, MONDAY, readReport, USAGE_PARAMETERS, type UsageQuery } from './usage.js';

const DIMENSIONS = ['project', 'phase', 'model', 'branch', 'run'] as const;
type Dimension = (typeof DIMENSIONS)[number];

/** What was used, split by project, phase, model, branch or run, the most expensive first. */
export const breakdownQuestion: Question<UsageQuery & { readonly by: Dimension }> = {
  path: '/api/breakdown',
  parameters: { ...USAGE_PARAMETERS, by: oneOf(DIMENSIONS, 'project') },
  answer(connection, { by, ...query }, { now, ...surroundings }) {
    assertRange(query);
    const calendar = createCalendar(query.timezone ?? surroundings.timeZone);
    const nowMs = now();
    const { period: kind, since, until, last, provider, project: projectId, model } = query;
    const range = resolveRange({ kind, since, until, last, firstWeekday: MONDAY }, calendar.dayOf(nowMs));
    const names = { provider, projectId, model, tags: toWantedTags(query) };
    const filter = { ...names, ...toMoments(range, calendar) };
    const entries =
      by === 'run'
        ? readRunSums(connection, filter).map((row) => ({
            ...{ name: row.runId, projectId: row.projectId },
            ...toSumsJson(toFigures(row)),
          }))
        : readReport(connection, { kind: by, ...names, firstWeekday: MONDAY, nowMs, ...range }, calendar)?.entries.map(
            (entry) => describeEntry(entry, by),
          );
    const rest = by === 'phase' || by === 'run' ? readUnmetered(connection, filter) : undefined;
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'breakdown',
      by,
      entries: entries ?? [],
      unmetered: rest && rest.responses > 0 ? toSumsJson(rest) : null,
    };
  },
};

function describeEntry({ key, figures, models }: PeriodEntry, by: Dimension): object {
  return {
    name: key === '' ? null : key,
    ...(by === 'model' ? { provider: models[0]?.provider } : {}),
    ...toSumsJson(figures),
  };
}

/** The usage that is assigned to no invocation and therefore has no phase and no run: the total minus that of all invocations. */
function readUnmetered(connection: Connection, filter: UsageFilter): Figures {
  const keys = ['model', 'source'] as const;
  const metered = new Map(
    readSums(connection, keys, filter, [], 'invocations').map((row) => [`${row.source} ${row.model}`, row]),
  );
  const rest = readSums(connection, keys, filter, [])
    .map((row) => ({ ...row, ...subtract(row, metered.get(`${row.source} ${row.model}`)) }))
    .filter(({ responses }) => responses > 0);
  return sumFigures(rest.map((row) => figuresOfModel(row)));
}

function subtract(all: SumRow, part: SumRow | undefined): SumRow {
  if (!part) return all;
  const unpricedResponses = all.unpricedResponses - part.unpricedResponses;
  const responses = all.responses - part.responses;
  const costNanoUsd = (all.costNanoUsd ?? 0) - (part.costNanoUsd ?? 0);
  return {
    responses,
    unpricedResponses,
    ...subtractUsage(all, part),
    // The cost is unknown, not zero, when none of these responses has a price.
    costNanoUsd: costNanoUsd === 0 && unpricedResponses === responses ? null : costNanoUsd,
  };
}
