import type { Connection } from '../store/open.js';
import type { Scope } from '../store/queries.js';
import { findScopes, readSummary, type SummaryRow } from '../store/scopes.js';
import type { CostUnit } from '../usage/options.js';
import { cleanText, formatPlural } from './amounts.js';
import type { Clock } from './clock.js';
import { explainCredits, readTotalCredits, sumCredits, toCreditCardJson } from './credits.js';
import { ReportError } from './error.js';
import { type Figures, toFigures } from './figures.js';
import { describeFigures } from './figures-text.js';
import { groupBy } from './groups.js';
import { describeOutcomes } from './outcome.js';
import type { Paint } from './paint.js';
import { assertProject } from './selection.js';
import { SCHEMA_VERSION, toIso, toSumsJson } from './sums-json.js';
import { type Column, type Row, renderTable, wrapText } from './table.js';

/** A run or a session in a list. */
export interface ListEntry {
  readonly scope: Scope;
  readonly summary: SummaryRow;
  readonly figures: Figures;
}

export interface ListFilter {
  readonly kind: Scope['kind'];
  readonly projectId: string | undefined;
  readonly limit: number;
  /** `credits`: the figures of Codex have credits too. */
  readonly unit?: CostUnit | undefined;
}

/** The newest runs or sessions, newest first. Throws a ReportError when there are none, and a StoreError. */
export function readList(connection: Connection, { kind, projectId, limit, unit }: ListFilter): ListEntry[] {
  assertProject(connection, projectId);
  const scopes = findScopes(connection, kind, { projectId, limit });
  if (scopes.length === 0) throw new ReportError('nothing-metered', `No ${kind} has been recorded yet.`);
  return scopes.map((scope) => {
    const summary = readSummary(connection, scope);
    const credits = readTotalCredits(connection, unit, scope);
    return { scope, summary, figures: toFigures(summary, { ...summary, evidence: [], credits }) };
  });
}

type Key = 'id' | 'project' | 'started' | 'latest' | 'model' | 'input' | 'output' | 'cost' | 'credits' | 'invocations';

const COLUMNS: readonly Column<Key>[] = [
  { key: 'id', title: 'Run', align: 'left', least: 36 },
  { key: 'project', title: 'Project', align: 'left', least: 16, dropped: 6 },
  { key: 'started', title: 'Started', align: 'left', dropped: 2 },
  { key: 'latest', title: 'Latest', align: 'left', dropped: 7, drop: 'reluctantly' },
  { key: 'model', title: 'Model', align: 'left', least: 14, dropped: 1 },
  { key: 'input', title: 'Input', align: 'right', dropped: 4 },
  { key: 'output', title: 'Output', align: 'right', dropped: 3 },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  { key: 'invocations', title: 'Invocations', align: 'left', least: 16, dropped: 5 },
];

export interface ListTextOptions {
  readonly clock: Clock;
  readonly width: number;
  readonly paint: Paint;
}

/** The list as a table. Ends with a newline. */
export function renderListText(entries: readonly ListEntry[], { clock, width, paint }: ListTextOptions): string {
  const session = entries[0]?.scope.kind === 'session';
  const credits = entries.map(({ figures }) => figures.credits).reduce(sumCredits, undefined);
  const columns = COLUMNS.filter(({ key }) => key !== 'credits' || credits).map((column) =>
    session && column.key === 'id' ? { ...column, title: 'Session' } : column,
  );
  const rows = entries.map(({ scope, summary, figures }): Row<Key> => {
    const { input, output, cost, credits: taken } = describeFigures(figures);
    const { models, statuses } = summary;
    return {
      cells: {
        id: cleanText(identify(scope)),
        project: summary.projectIds.map(cleanText).join(', '),
        started: clock.formatMinute(summary.startedAtMs),
        latest: clock.formatMinute(summary.latestAtMs),
        model: models.length > 1 ? formatPlural(models.length, 'model') : cleanText(models[0] ?? '-'),
        input,
        output,
        cost,
        credits: taken,
        invocations: statuses.length === 0 ? 'not metered' : describeOutcomes(statuses),
      },
    };
  });
  const marks = [
    ...(rows.some(({ cells }) => cells.cost?.startsWith('~')) ? ['~ not all of it was reported by the API'] : []),
    ...(entries.some(({ figures }) => figures.unpricedResponses > 0)
      ? ['+ or unpriced: some models, or fees, have no known price']
      : []),
  ];
  const remarks = [
    ...(marks.length === 0 ? [] : [marks.join('   ')]),
    ...explainCredits(credits).map((line) => wrapText(line, width)),
  ];
  const legend = remarks.length === 0 ? '' : `\n${remarks.map((line) => paint('gray', line)).join('\n')}\n`;
  return `${renderTable(columns, rows, { width, paint }).text}\n${legend}`;
}

/** The list as data, with the field names of the reports. */
export function toListJson(kind: Scope['kind'], entries: readonly ListEntry[]): object {
  const hasCredits = entries.some(({ figures }) => figures.credits);
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: `${kind}s`,
    [`${kind}s`]: entries.map(({ scope, summary, figures }) => ({
      ...(scope.kind === 'run'
        ? { runId: scope.runId, projectId: scope.projectId }
        : { threadId: scope.threadId, projectIds: summary.projectIds }),
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

function identify(scope: Scope): string {
  return scope.kind === 'run' ? scope.runId : scope.threadId;
}

function countStatuses(statuses: SummaryRow['statuses']): object {
  return Object.fromEntries([...groupBy(statuses, (status) => status)].map(([status, all]) => [status, all.length]));
}
