import { RESPONSE_COUNTERS } from '../../usage/counters.js';

/** Only a database with a target keeps an outbox: any other pays this look-up in an empty table for each row that it writes. */
const HAS_TARGET = 'EXISTS (SELECT 1 FROM push_targets)';

/** What a push sends of a row, beside its key: where none of it changes, there is nothing to send. */
const SENT_OF_RESPONSE = [
  ...['invocation_id', 'model', 'service_tier'],
  ...RESPONSE_COUNTERS.map(({ column }) => column),
  ...['evidence', 'source', 'cost_nano_usd', 'cost_extent', 'completed_at_ms'],
];
const SENT_OF_INVOCATION = [
  ...['project_id', 'run_id', 'phase', 'iteration', 'status', 'started_at_ms', 'ended_at_ms'],
  ...['exit_code', 'signal', 'codex_version'],
];

const differs = (columns: readonly string[]) => {
  const of = (row: 'OLD' | 'NEW') => `(${columns.map((column) => `${row}.${column}`).join(', ')})`;
  return `${of('OLD')} IS NOT ${of('NEW')}`;
};

const keyOf = (row: 'OLD' | 'NEW') => `json_array(${row}.thread_id, ${row}.response_key, ${row}.completed_at_ms)`;

/**
 * An entry has a new number whenever its row changes, so that the row is sent once however often it changes in between. It is
 * deleted and inserted, because the conflict clause of an upsert that fires the trigger would replace one in the trigger.
 */
function enqueue(kind: string, key: string, gone = 'NULL'): string {
  return `DELETE FROM changes WHERE kind = '${kind}' AND key = ${key};
  INSERT INTO changes (kind, key, gone, changed_at_ms)
  VALUES ('${kind}', ${key}, ${gone}, CAST(unixepoch('subsec') * 1000 AS INTEGER));`;
}

interface Trigger {
  readonly name: string;
  readonly on: string;
  readonly when?: string;
  readonly entries: readonly string[];
}

const RESPONSE_GONE = enqueue('response', keyOf('OLD'), 'json_array(OLD.provider, OLD.evidence)');

const ALL: readonly Trigger[] = [
  { name: 'outbox_new_response', on: 'INSERT ON response_rows', entries: [enqueue('response', keyOf('NEW'))] },
  {
    name: 'outbox_changed_response',
    on: 'UPDATE ON response_rows',
    when: differs(SENT_OF_RESPONSE),
    entries: [enqueue('response', keyOf('NEW'))],
  },
  { name: 'outbox_deleted_response', on: 'DELETE ON response_rows', entries: [RESPONSE_GONE] },
  // A target that is sent sums of invocations has to hear of one that has lost a response.
  {
    name: 'outbox_moved_response',
    on: 'UPDATE ON response_rows',
    when: '(OLD.invocation_id IS NOT NULL AND OLD.invocation_id IS NOT NEW.invocation_id)',
    entries: [enqueue('invocation', 'OLD.invocation_id')],
  },
  {
    name: 'outbox_left_invocation',
    on: 'DELETE ON response_rows',
    when: 'OLD.invocation_id IS NOT NULL',
    entries: [enqueue('invocation', 'OLD.invocation_id')],
  },
  { name: 'outbox_new_pack', on: 'INSERT ON response_packs', entries: [enqueue('pack', 'CAST(NEW.id AS TEXT)')] },
  { name: 'outbox_new_invocation', on: 'INSERT ON invocations', entries: [enqueue('invocation', 'NEW.id')] },
  {
    name: 'outbox_changed_invocation',
    on: 'UPDATE ON invocations',
    when: differs(SENT_OF_INVOCATION),
    entries: [enqueue('invocation', 'NEW.id')],
  },
  ...(['INSERT', 'UPDATE', 'DELETE'] as const).map((event) => ({
    name: `outbox_${event.toLowerCase()}_tag`,
    on: `${event} ON invocation_tags`,
    entries: [enqueue('invocation', `${event === 'DELETE' ? 'OLD' : 'NEW'}.invocation_id`)],
  })),
  // Responses without an invocation are of their thread's project.
  {
    name: 'outbox_new_thread',
    on: 'INSERT ON threads',
    when: `(EXISTS (SELECT 1 FROM response_rows WHERE thread_id = NEW.id AND invocation_id IS NULL)
      OR EXISTS (SELECT 1 FROM response_packs WHERE thread_id = NEW.id))`,
    entries: [enqueue('thread', 'NEW.id')],
  },
  {
    name: 'outbox_changed_thread',
    on: 'UPDATE ON threads',
    when: differs(['project_id']),
    entries: [enqueue('thread', 'NEW.id')],
  },
];

/** Makes the triggers anew, as views.ts does the views: every change of the schema ends with them. */
export const TRIGGERS: string = ALL.map(
  ({ name, on, when = 'TRUE', entries }) => `
DROP TRIGGER IF EXISTS ${name};
CREATE TRIGGER ${name} AFTER ${on} WHEN ${HAS_TARGET} AND ${when} BEGIN
  ${entries.join('\n  ')}
END;`,
).join('');
