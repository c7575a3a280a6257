import type { Connection } from '../store/open.js';
import type { Scope } from '../store/queries.js';
import { findScopes, readSummary, type SummaryRow } from '../store/scopes.js';
import type { TagFilter } from '../store/tags.js';
import type { CostUnit } from '../usage/options.js';
import { chooseCostFormat, cleanText, formatCount, formatModels, formatPlural, formatRounded } from './amounts.js';
import type { Clock } from './calendar.js';
import { type CreditFigures, explainCredits, readTotalCredits, sumCredits, toCreditCardJson } from './credits.js';
import { ReportError } from './error.js';
import { type Figures, isActual, toFigures } from './figures.js';
import { describeFigures, type NumberFormats, styleCost } from './figures-text.js';
import { groupBy } from './groups.js';
import { describeOutcomes, type OutcomeExtent } from './outcome.js';
import { assertProject, idOf } from './selector.js';
import { SCHEMA_VERSION, toIso, toScopeJson, toSumsJson } from './sums-json.js';
import { alignDecimals, type Column, type Row, renderFirstFitting, type TableOptions, wrapText } from './table.js';
import { assertTags, describeTags } from './tags.js';

export interface ListEntry {
  readonly scope: Scope;
  readonly summary: SummaryRow;
  readonly figures: Figures;
}

export interface ListFilter {
  readonly kind: Scope['kind'];
  readonly projectId: string | undefined;
  readonly tags?: TagFilter | undefined;
  readonly limit: number;
  /** `credits`: the figures of Codex have credits too. */
  readonly unit?: CostUnit | undefined;
}

/** Reads the newest runs or sessions, newest first. Throws a ReportError when there are none, and a StoreError. */
export function readList(connection: Connection, { kind, projectId, tags, limit, unit }: ListFilter): ListEntry[] {
  assertProject(connection, projectId);
  const scopes = findScopes(connection, kind, { projectId, tags, limit });
  if (scopes.length === 0) {
    assertTags(connection, tags);
    if (tags === undefined) throw new ReportError('nothing-metered', `No ${kind} has been recorded yet.`);
    throw new ReportError('unknown', `No ${kind} has been recorded with ${describeTags(tags).join(' and ')}.`);
  }
  return scopes.map((scope) => {
    const summary = readSummary(connection, scope);
    const credits = readTotalCredits(connection, unit, scope);
    return { scope, summary, figures: toFigures({ ...summary, credits }) };
  });
}

const COLUMNS = [
  { key: 'id', title: 'Run', align: 'left', minWidth: 22 },
  { key: 'run', title: 'Run', align: 'left', minWidth: 14, narrowest: 9, dropOrder: 7, drop: 'reluctantly' },
  { key: 'phase', title: 'Phase', align: 'left', dropOrder: 6, drop: 'reluctantly' },
  { key: 'project', title: 'Project', align: 'left', minWidth: 12, dropOrder: 4, omitted: 'easily' },
  { key: 'started', title: 'Started', align: 'left', dropOrder: 1, omitted: 'easily' },
  { key: 'latest', title: 'Latest', align: 'left', dropOrder: 9, drop: 'reluctantly' },
  { key: 'model', title: 'Model', align: 'left', minWidth: 14, dropOrder: 5, drop: 'reluctantly' },
  { key: 'input', title: 'Input', align: 'right', dropOrder: 3, omitted: 'easily' },
  { key: 'output', title: 'Output', align: 'right', dropOrder: 2, omitted: 'easily' },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  {
    key: 'invocations',
    title: 'Invocations',
    align: 'left',
    minWidth: 18,
    narrowest: 18,
    dropOrder: 8,
    drop: 'reluctantly',
  },
] as const satisfies readonly Column<string>[];
type Key = (typeof COLUMNS)[number]['key'];
const OF_SESSIONS: readonly Key[] = ['run', 'phase'];
/** Without a year: `11-22 14:03` */
const SHORT_DATE = 5;

export interface ListTextOptions extends TableOptions {
  readonly clock: Clock;
}

/** Renders the list as a table: exact counts and whole dates, or shorter ones before columns that matter are left out. */
export function renderListText(entries: readonly ListEntry[], options: ListTextOptions): string {
  const { width, paint } = options;
  const isOfSessions = entries[0]?.scope.kind === 'session';
  const credits = entries.map(({ figures }) => figures.credits).reduce(sumCredits, undefined);
  const columns = COLUMNS.filter(({ key }) => {
    return (key !== 'credits' || credits) && (isOfSessions || !OF_SESSIONS.includes(key));
  }).map((column): Column<Key> => {
    return isOfSessions && column.key === 'id' ? { ...column, title: 'Session', minWidth: 13 } : column;
  });
  const cost = chooseCostFormat(entries.map(({ figures }) => figures.costNanoUsd));
  const { formatMinute } = options.clock;
  const shortDate = (ms: number) => formatMinute(ms).slice(SHORT_DATE);
  const rows = [
    () => layOut(entries, { count: formatCount, cost }, { outcome: 'full', date: formatMinute }),
    () => layOut(entries, { count: formatRounded, cost }, { outcome: 'brief', date: shortDate }),
  ];
  const table = renderFirstFitting(columns, rows, options);
  const legend = explain(entries, credits, width).map((line) => paint('gray', line));
  return `${table.text}\n${legend.length === 0 ? '' : `\n${legend.join('\n')}\n`}`;
}

interface ListWording {
  readonly outcome: OutcomeExtent;
  readonly date: (ms: number) => string;
}

function layOut(entries: readonly ListEntry[], formats: NumberFormats, { outcome, date }: ListWording) {
  const rows = entries.map(({ scope, summary, figures }): Row<Key> => {
    const { projectIds, runIds, phases, modelsByCost, statuses } = summary;
    const { input, output, cost, credits } = describeFigures(figures, formats);
    return {
      cells: {
        ...{ id: cleanText(idOf(scope)), input, output, cost, credits },
        run: runIds.length > 1 ? formatPlural(runIds.length, 'run') : cleanText(runIds[0] ?? '-'),
        phase: phases.length > 1 ? formatPlural(phases.length, 'phase') : (phases[0] ?? '-'),
        project: projectIds.map(cleanText).join(', '),
        started: date(summary.startedAtMs),
        latest: date(summary.latestAtMs),
        model: formatModels(modelsByCost),
        invocations: statuses.length === 0 ? 'not metered' : describeOutcomes(statuses, outcome),
      },
      styles: { cost: styleCost(figures) },
    };
  });
  return alignDecimals(rows, 'cost', 'credits');
}

/** Explains the marks of the list, on one line where that is wide enough. */
function explain(entries: readonly ListEntry[], credits: CreditFigures | undefined, width: number): string[] {
  const isPartial = entries.some(({ figures }) => figures.unpricedResponses > 0);
  const marks = [
    ...(entries.some(({ figures }) => !isActual(figures)) ? ['~ not all of it was reported by the API'] : []),
    ...(isPartial ? ['+ or unpriced: some models, or fees, have no known price'] : []),
  ];
  const line = marks.join('   ');
  const lines = line.length <= width && line !== '' ? [line] : marks;
  return [...lines, ...explainCredits(credits)].map((paragraph) => wrapText(paragraph, width));
}

/** Returns the list as data, with the field names of the reports. */
export function toListJson(kind: Scope['kind'], entries: readonly ListEntry[]): object {
  const hasCredits = entries.some(({ figures }) => figures.credits);
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: `${kind}s`,
    [`${kind}s`]: entries.map(({ scope, summary, figures }) => ({
      ...toScopeJson(scope, summary.projectIds),
      startedAt: toIso(summary.startedAtMs),
      latestInvocationStartedAt: summary.statuses.length === 0 ? null : toIso(summary.latestAtMs),
      endedAt: toIso(summary.endedAtMs),
      invocationCount: summary.statuses.length,
      statusCounts: countStatuses(summary.statuses),
      ...toSumsJson(figures),
    })),
    ...(hasCredits ? { credits: toCreditCardJson() } : {}),
  };
}

function countStatuses(statuses: SummaryRow['statuses']): object {
  return Object.fromEntries([...groupBy(statuses, (status) => status)].map(([status, all]) => [status, all.length]));
}
