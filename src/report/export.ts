import { type ExportedResponse, iterateResponses } from '../store/export-queries.js';
import type { Connection } from '../store/open.js';
import { readSpan, readSums } from '../store/period-queries.js';
import { toTokensJson } from '../usage/counters.js';
import { type CsvTexts, type CsvValue, writeCsvRow } from '../usage/csv.js';
import { type Calendar, formatDay } from './calendar.js';
import { type FocusOptions, listFocus } from './focus.js';
import { explainEmpty, nothingRecorded, toMoments } from './period-range.js';
import type { PeriodQuery } from './period-report.js';
import { toIso } from './sums-json.js';

export type ExportFormat = 'csv' | 'json' | 'ndjson';
/** How rows are written. `texts` is of CSV alone: other formats hold texts as they are. */
export interface ExportForm {
  readonly format: ExportFormat;
  readonly texts: CsvTexts;
}

/** `days`: the sums of each day, provider, project, model and source. `focus`: costs as FOCUS 1.2 describes them. */
export type ExportSubject = 'responses' | 'days' | 'focus';

/** What an export is made with beside its query. `billingAccount` and `onUnpriced` are of `focus`. */
export interface ExportOptions extends FocusOptions {
  readonly query: ExportQuery;
  readonly put: (text: string) => void;
}

export type ExportQuery = Pick<PeriodQuery, 'since' | 'until' | 'provider' | 'projectId' | 'model' | 'tags'>;

type Value = CsvValue | Readonly<Record<string, string>>;
type Entry = Readonly<Record<string, Value>>;

/** So many rows are written at once. */
const ROWS_AT_ONCE = 500;

/**
 * Writes the rows that `query` asks for, in pieces, however many they are. Returns their number. Call it within a
 * snapshot. Throws a ReportError before anything is written when there are none, and a StoreError.
 */
export function exportUsage(
  connection: Connection,
  subject: ExportSubject,
  form: ExportForm,
  options: ExportOptions,
): number {
  const { query, put } = options;
  const entries = LISTS[subject](connection, query, options);
  let count = 0;
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) put(lines.join(''));
    lines = [];
  };
  for (const entry of entries) {
    lines.push(encode(entry, form, count === 0 ? 'first' : 'later'));
    count++;
    if (lines.length === ROWS_AT_ONCE) flush();
  }
  if (count === 0) {
    throw readSpan(connection) ? explainEmpty(connection, query, query) : nothingRecorded();
  }
  if (form.format === 'json') lines.push('\n]\n');
  flush();
  return count;
}

const LISTS: Readonly<
  Record<ExportSubject, (connection: Connection, query: ExportQuery, options: ExportOptions) => Iterable<Entry>>
> = {
  responses: (connection, query, { calendar }) => listResponses(connection, query, calendar),
  days: (connection, query, { calendar }) => listDays(connection, query, calendar),
  focus: (connection, query, options) => {
    return listFocus(connection, { ...query, ...toMoments(query, options.calendar) }, options);
  },
};

function encode(entry: Entry, { format, texts }: ExportForm, place: 'first' | 'later'): string {
  switch (format) {
    case 'ndjson':
      return `${JSON.stringify(entry)}\n`;
    case 'json':
      return `${place === 'first' ? '[\n' : ',\n'}  ${JSON.stringify(entry)}`;
    case 'csv': {
      const header = place === 'first' ? `${writeCsvRow(Object.keys(entry))}\r\n` : '';
      return `${header}${writeCsvRow(Object.values(entry).map(toCsvValue), texts)}\r\n`;
    }
  }
}

/** Tags are one column in CSV, as JSON. */
function toCsvValue(value: Value): CsvValue {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

function* listResponses(connection: Connection, query: ExportQuery, calendar: Calendar): Generator<Entry> {
  for (const row of iterateResponses(connection, { ...query, ...toMoments(query, calendar) })) {
    const { completedAtMs, costNanoUsd, costExtent, tags, ...rest }: ExportedResponse = row;
    yield {
      completedAt: toIso(completedAtMs),
      ...rest,
      ...describeCost(costNanoUsd),
      costExtent: costNanoUsd === null ? null : costExtent,
      tags: JSON.parse(tags),
    };
  }
}

function* listDays(connection: Connection, query: ExportQuery, calendar: Calendar): Generator<Entry> {
  const span = readSpan(connection);
  if (!span) return;
  const filter = { ...query, ...toMoments(query, calendar) };
  const offsets = calendar.listOffsets(span.firstMs, span.endMs);
  const keys = ['day', 'provider', 'projectId', 'model', 'source'] as const;
  for (const row of readSums(connection, keys, filter, offsets)) {
    const { day, provider, projectId, model, source, costNanoUsd } = row;
    yield {
      ...{ date: formatDay(day), provider, projectId, model, source },
      responseCount: row.responses,
      unpricedResponseCount: row.unpricedResponses,
      ...toTokensJson(row),
      ...describeCost(costNanoUsd),
    };
  }
}

function describeCost(costNanoUsd: number | null): Entry {
  return { costUsd: costNanoUsd === null ? null : costNanoUsd / 1e9, costNanoUsd };
}
