import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readColumn } from '../../src/store/sql.js';
import { createStore, sampleInvocation, sampleResponse } from './samples.js';

const DOC = readFileSync(new URL('../../docs/schema.md', import.meta.url), 'utf8');
const queries = [...DOC.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql.trim());

/** `name TYPE` of each column by table, as the document has them. */
function parseTables(): Record<string, string[]> {
  const sections = DOC.split('\n## ').filter((section) => section.includes('| column | type |'));
  const entries = sections.map((section) => {
    const columns = [...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
    return [section.split('\n')[0] ?? '', columns];
  });
  return Object.fromEntries(entries);
}

describe('the document of the schema', () => {
  it('has every table and column of the database, in its order and of its type, and the view of all responses', () => {
    const { connection } = createStore();
    const kinds = "type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'";
    const tables = readColumn<string>(connection, `SELECT name FROM sqlite_schema WHERE ${kinds}`);
    const columns = "SELECT name || ' ' || type FROM pragma_table_info(?)";
    const columnsOf = (table: string) => readColumn(connection, columns, [table]);
    // Where they lie unpacked, and where packed: the document says that they are as in the view of both.
    const parts = ['response_rows', 'packed_responses', 'packed_sums'];
    const documented = tables.filter((table) => !parts.includes(table));
    expect(parseTables()).toEqual(Object.fromEntries(documented.map((table) => [table, columnsOf(table)])));
    expect(columnsOf('response_rows')).toEqual(columnsOf('responses'));
  });

  it.each(queries)('has a query that answers: %s', (sql) => {
    const { connection, record } = createStore();
    const responses = [sampleResponse('1'), sampleResponse('2', { threadId: 'child' })];
    const notes = [{ kind: 'fallback', reason: 'no session file', figures: {} }] as const;
    record({ invocation: sampleInvocation('a'), update: { threadId: 'thread-1' }, responses, notes });
    expect(connection.prepare(sql).all()).not.toEqual([]);
  });
});
