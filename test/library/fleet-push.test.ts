import { dirname } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { recordUsage } from '../../src/library/index.js';
import { endPushes } from '../fleet/fleet.js';
import { listProcesses } from '../harness/children.js';
import { listPoints, startCollector } from '../harness/otlp-collector.js';
import { RESPONSE_USAGE } from '../scripted-api/openai.js';
import { useFolder } from './client.js';

const CALL = {
  category: 'handoff',
  project: 'shop',
  runId: 'r1',
  model: 'gpt-5.3-codex',
  usage: RESPONSE_USAGE,
} as const;

const listPushes = (folder: string) => listProcesses(folder).filter(({ command }) => command.includes(' push '));

test('has what was recorded pushed by one process of its own, where a target is set, and waits for nothing', async () => {
  const { database } = useFolder();
  const folder = dirname(database);
  onTestFinished(() => endPushes(folder));
  await recordUsage(CALL);
  expect(listPushes(folder)).toEqual([]);

  const collector = await startCollector();
  collector.behave('stall');
  vi.stubEnv('CODEX_METERED_FLEET_URL', collector.url);
  vi.stubEnv('HOME', folder);
  const recorded = await Promise.all([recordUsage(CALL), recordUsage(CALL)]);
  expect(recorded.map(({ stored }) => stored)).toEqual(['database', 'database']);
  await expect.poll(() => collector.received.length, { timeout: 30_000 }).toBeGreaterThan(0);
  expect(listPushes(folder)).toHaveLength(1);
  const points = listPoints(collector.received).filter(({ name }) => name === 'codex_metered.responses');
  expect(points.map(({ value }) => value)).toEqual([expect.any(Number)]);
});

test('records as ever where no push can be started', async () => {
  useFolder();
  vi.stubEnv('CODEX_METERED_FLEET_URL', 'nonsense');
  expect(await recordUsage(CALL)).toMatchObject({ stored: 'database' });
});
