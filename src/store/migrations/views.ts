import { COUNTERS, RESPONSE_COUNTERS } from '../../usage/counters.js';
import { PACKED_COUNTS, PACKED_KINDS } from '../counter-columns.js';
import { RESPONSE_COLUMNS } from '../response-rows.js';

/** Reads a value of a row of a pack's `counts` (`c`), or of an entry of its `kinds` (`k`). */
const count = (column: string) => `c.value ->> ${PACKED_COUNTS.indexOf(column)}`;
const sum = (column: string) => `k.value ->> ${PACKED_KINDS.indexOf(column)}`;
/** What a row of `counts` has in common with others: it names the place of an entry in a list of the pack. */
const ofTurn = (at: 0 | 1) => `p.turns ->> ('$[' || (${count('turn')}) || '][${at}]')`;
const ofKind = (column: string) => `p.kinds ->> ('$[' || (${count('kind')}) || '][${PACKED_KINDS.indexOf(column)}]')`;

const text = (value: string, column: string) => `CAST(${value} AS TEXT) AS ${column}`;
const integer = (value: string, column: string) => `CAST(${value} AS INTEGER) AS ${column}`;
/** What was packed before the counter was there has none. */
const counter = (value: string, column: string) => `CAST(coalesce(${value}, 0) AS INTEGER) AS ${column}`;

const PACKED_RESPONSES = [
  'p.id AS pack_id, p.provider, p.thread_id',
  text(count('response_key'), 'response_key'),
  ...[text(ofTurn(0), 'turn_id'), text(ofTurn(1), 'root_turn_id')],
  ...['model', 'service_tier'].map((column) => text(ofKind(column), column)),
  ...RESPONSE_COUNTERS.map(({ column }) => counter(count(column), column)),
  ...['evidence', 'source'].map((column) => text(ofKind(column), column)),
  integer(count('cost_nano_usd'), 'cost_nano_usd'),
  text(ofKind('price'), 'price'),
  integer(count('completed_at_ms'), 'completed_at_ms'),
  'p.recorded_at_ms',
  ...[text('NULL', 'fees'), text("'whole'", 'cost_extent')],
];

const PACKED_SUMS = [
  'p.id AS pack_id, p.provider, p.thread_id',
  ...['model', 'service_tier', 'evidence', 'source'].map((column) => text(sum(column), column)),
  ...['responses', 'unpriced_responses'].map((column) => integer(sum(column), column)),
  ...COUNTERS.map(({ column }) => counter(sum(column), column)),
  ...['cost_nano_usd', 'first_completed_at_ms', 'last_completed_at_ms'].map((column) => integer(sum(column), column)),
];

/**
 * Makes the views anew: `packed_responses` and `packed_sums` open packs, `responses` has all responses, packed or not. They
 * hold nothing, so every change of the schema ends with them.
 */
export const VIEWS = `
DROP VIEW IF EXISTS responses;
DROP VIEW IF EXISTS packed_responses;
DROP VIEW IF EXISTS packed_sums;
CREATE VIEW packed_responses AS SELECT ${PACKED_RESPONSES.join(',\n  ')}
FROM response_packs p, json_each(p.counts) c;
CREATE VIEW packed_sums AS SELECT ${PACKED_SUMS.join(',\n  ')}
FROM response_packs p, json_each(p.kinds) k;
CREATE VIEW responses AS
SELECT id, invocation_id, ${RESPONSE_COLUMNS} FROM response_rows
UNION ALL SELECT NULL, NULL, ${RESPONSE_COLUMNS} FROM packed_responses;
`;
