import { COUNTERS } from '../../usage/counters.js';
import { list, SAFE_PATH, SUM_COLUMNS, SUM_TABLES } from './tables.js';

/** The columns by which changes of sums are grouped. Each table of sums is grouped by some of them. */
const CHANGE_KEY = [
  'tenant',
  'start',
  'usr',
  'project',
  'model',
  'labels',
  'provider',
  'phase',
  'source',
  'invocation',
];
const CHANGE_TYPES = [
  'tenant int, start timestamptz, usr int, project int, model int, labels int, provider text, phase text',
  `source text, invocation uuid, ${list(SUM_COLUMNS, (column) => `${column} bigint`)}`,
].join(', ');

/** Adds changes to a table of sums. `changes` is a JSON array of rows that have the columns of every key. */
function addTo(table: string, key: readonly string[]): string {
  const where = key.includes('invocation') ? 'WHERE invocation IS NOT NULL' : '';
  const source = (column: string) => (column === 'day' ? "(start AT TIME ZONE 'UTC')::date" : column);
  return `
  INSERT INTO ${table} AS held (${key}, ${list(SUM_COLUMNS)})
  SELECT ${list(key, source)}, ${list(SUM_COLUMNS, (column) => `coalesce(sum(${column}), 0)::bigint`)}
  FROM jsonb_to_recordset(changes) AS c(${CHANGE_TYPES}) ${where}
  GROUP BY ${list(key, source)}
  HAVING ${SUM_COLUMNS.map((column) => `sum(${column}) <> 0`).join(' OR ')}
  ORDER BY ${list(key, source)}
  ON CONFLICT (${key}) DO UPDATE SET ${list(SUM_COLUMNS, (column) => `${column} = held.${column} + excluded.${column}`)};`;
}

/** Keeps the ids of deleted responses for those who have pulled them. */
const NOTE_DELETED = `INSERT INTO deleted_responses (tenant, id) SELECT tenant, id FROM old_rows ORDER BY id
  ON CONFLICT (tenant, id) DO UPDATE SET changed = DEFAULT;`;

/**
 * SQL that keeps the sums, whoever changes responses.
 *
 * A statement of push_v1 can insert some responses and update others, which are two triggers. Were each to add to the sums, the
 * second would take its locks after those of the first, and two pushes could wait for each other. So while push_v1 runs, the
 * triggers leave their changes in a setting of the transaction, and push_v1 adds all of them at its end.
 */
export const SUMS = `
CREATE OR REPLACE FUNCTION add_to_sums(changes jsonb) RETURNS void LANGUAGE plpgsql ${SAFE_PATH} AS $$
BEGIN ${Object.entries(SUM_TABLES)
  .map(([table, key]) => addTo(table, key))
  .join('')}
END $$;

CREATE OR REPLACE FUNCTION note_changes(changes jsonb) RETURNS void LANGUAGE plpgsql ${SAFE_PATH} AS $$
DECLARE
  noted text := current_setting('codex_metered.changes', true);
BEGIN
  IF changes IS NULL THEN RETURN; END IF;
  IF coalesce(noted, '') = '' THEN
    PERFORM add_to_sums(changes);
  ELSE
    PERFORM set_config('codex_metered.changes', (noted::jsonb || changes)::text, true);
  END IF;
END $$;
${trigger('insert', ['new_rows'])}
${trigger('update', ['new_rows', 'old_rows'])}
${trigger('delete', ['old_rows'])}
`;

function trigger(event: 'insert' | 'update' | 'delete', tables: readonly string[]): string {
  const rows = tables
    .map((table) => `SELECT ${table === 'old_rows' ? -1 : 1} AS sign, * FROM ${table}`)
    .join(' UNION ALL ');
  const referencing = tables.map((table) => `${table === 'old_rows' ? 'OLD' : 'NEW'} TABLE AS ${table}`).join(' ');
  return `
CREATE OR REPLACE FUNCTION sum_up_${event}() RETURNS trigger LANGUAGE plpgsql ${SAFE_PATH} AS $$
BEGIN
  PERFORM note_changes((SELECT jsonb_agg(c) FROM (
    SELECT tenant, date_bin('15 minutes', completed_at, 'epoch') AS start, usr, project, model, labels, provider,
      coalesce(phase, '') AS phase, source, invocation,
      sum(sign * coalesce(r.responses, 1)) AS responses,
      sum(sign * coalesce(unpriced_responses, (cost_nano_usd IS NULL OR partial)::int)) AS unpriced_responses,
      sum(sign * coalesce(costed_responses, (cost_nano_usd IS NOT NULL)::int)) AS costed_responses,
      sum(sign * cost_nano_usd) AS cost_nano_usd,
      ${list(
        COUNTERS.map(({ column }) => column),
        (column) => `sum(sign * ${column}) AS ${column}`,
      )}
    FROM (${rows}) r GROUP BY ${list(CHANGE_KEY.map((_, place) => String(place + 1)))}
  ) c));
  ${event === 'delete' ? NOTE_DELETED : ''}
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER sum_up_${event} AFTER ${event.toUpperCase()} ON responses
  REFERENCING ${referencing} FOR EACH STATEMENT EXECUTE FUNCTION sum_up_${event}();`;
}
