import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { sampleInvocation, sampleResponse } from '../../store/samples.js';

const DOC = readFileSync(new URL('../../../docs/json.md', import.meta.url), 'utf8');
/** A target that is not reached. */
const NOWHERE = 'postgres://127.0.0.1:1/usage';
/** Their content is not ours to name. */
const OPAQUE = ['price', 'figures', 'statusCounts'];

const REPORTS = ['daily', 'weekly', 'monthly', 'model', 'project', 'phase', 'user', 'machine', 'team', 'blocks'];

it.each([
  ...['run --breakdown', 'session', 'run --list', 'session --list', 'run nowhere', 'run --breakdown --unit credits'],
  ...['prices', 'prices gpt-5.6-sol', 'reprice --dry-run', 'doctor', 'mirror /center.db', 'why', 'push'],
  ...['compare nightly-7 --as gpt-5.4-mini', 'fleet status', 'budget --run nightly-7', 'budget --branch main'],
  ...[...REPORTS, 'daily --unit credits'],
])('the document of the JSON has every field of codex-usage %s', async (line) => {
  const { stdout } = await runUsage([...line.split(' '), '--json'], setting());
  const fields = listFields(JSON.parse(stdout));
  expect(fields.filter((field) => !DOC.includes(`\`${field}\``))).toEqual([]);
  expect(fields.length).toBeGreaterThan(5);
});

function setting() {
  const database = recordedIn([
    {
      invocation: sampleInvocation('a'),
      update: { threadId: 'thread-1', status: 'completed' },
      responses: [sampleResponse('1'), sampleResponse('2', { model: 'new', costNanoUsd: undefined })],
      notes: [{ kind: 'fault', reason: 'the disk was full', figures: { written: 3 } }],
    },
  ]);
  const fleet = { CODEX_METERED_FLEET_URL: NOWHERE, CODEX_METERED_BUDGET_USD: 'run=1' };
  return { database, env: { CODEX_METERED_STATE_DIR: dirname(database), ...fleet } };
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
