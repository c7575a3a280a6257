import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '../../../src/store/store.js';
import { runUsage } from '../../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

const DOC = readFileSync(new URL('../../../docs/json.md', import.meta.url), 'utf8');
/** A target that is not reached. */
const NOWHERE = 'postgres://127.0.0.1:1/usage';
/** Their content is not ours to name. */
const OPAQUE = ['price', 'figures', 'statusCounts'];

it.each([
  [['run', '--json', '--breakdown']],
  [['session', '--json']],
  [['run', '--list', '--json']],
  [['session', '--list', '--json']],
  [['run', 'nowhere', '--json']],
  [['prices', '--json']],
  [['reprice', '--json', '--dry-run']],
  [['doctor', '--json']],
  [['mirror', '--json', '/center.db']],
  [['why', '--json']],
  [['compare', 'nightly-7', '--as', 'gpt-5.4-mini', '--json']],
  [['push', '--json']],
  [['fleet', 'status', '--json']],
  [['budget', '--json', '--run', 'nightly-7']],
  [['daily', '--json']],
  [['weekly', '--json']],
  [['monthly', '--json']],
  [['model', '--json']],
  [['project', '--json']],
  [['phase', '--json']],
  [['user', '--json']],
  [['machine', '--json']],
  [['team', '--json']],
  [['blocks', '--json']],
  [['daily', '--json', '--unit', 'credits']],
  [['run', '--json', '--breakdown', '--unit', 'credits']],
  [['prices', 'gpt-5.6-sol', '--json']],
])('the document of the JSON has every field of codex-usage %j', async (args) => {
  const fields = listFields(JSON.parse(await printUsage(args)));
  expect(fields.filter((field) => !DOC.includes(`\`${field}\``))).toEqual([]);
  expect(fields.length).toBeGreaterThan(5);
});

async function printUsage(args: string[]): Promise<string> {
  const database = join(createFolder(), 'usage.db');
  const store = openStore(database, { mode: 'write' });
  const responses = [sampleResponse('1'), sampleResponse('2', { model: 'new', costNanoUsd: undefined })];
  const notes = [{ kind: 'fault', reason: 'the disk was full', figures: { written: 3 } }] as const;
  store.record({
    invocation: sampleInvocation('a'),
    update: { threadId: 'thread-1', status: 'completed' },
    responses,
    notes,
  });
  store.close();
  return (
    await runUsage(args, {
      database,
      env: {
        CODEX_METERED_STATE_DIR: dirname(database),
        CODEX_METERED_FLEET_URL: NOWHERE,
        CODEX_METERED_BUDGET_USD: 'run=1',
      },
    })
  ).stdout;
}

/** The names of all fields, however deep, once. */
function listFields(value: unknown): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap(listFields))];
  if (typeof value !== 'object' || value === null) return [];
  const nested = Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...(OPAQUE.includes(name) ? [] : listFields(inner)),
  ]);
  return [...new Set(nested)];
}
