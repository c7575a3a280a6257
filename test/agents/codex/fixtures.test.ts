import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseRolloutLine } from '../../../src/agents/codex/rollout.js';
import { Thread } from '../../../src/agents/codex/thread.js';
import { type BilledResponse, readFixtures } from '../../harness/fixtures.js';

const fixtures = readFixtures();
const RELEASES = ['0.80.0', '0.101.0', '0.125.0', '0.140.0', '0.155.0', '0.169.0'];

describe('a recorded session', () => {
  test.each(['tool-loop', 'resume'])('with a %s is kept of six releases at least', (way) => {
    const versions = fixtures.filter((fixture) => fixture.way === way).map(({ version }) => version);
    expect(versions).toEqual(expect.arrayContaining(RELEASES));
  });

  test.each(fixtures)('of Codex $version, $way, counts what the API billed', ({ version, files, ...billed }) => {
    for (const [sinceMs, responses] of [
      [0, [...billed.earlier, ...billed.last]],
      [billed.startedAtMs, billed.last],
    ] as const) {
      const threads = files.map((path) => readThread(path, sinceMs));
      expect(threads.map(({ cliVersion }) => cliVersion)).toEqual(threads.map(() => version));
      expect(threads.flatMap(({ notes }) => notes)).toEqual([]);
      const counted = threads.flatMap((thread) => thread.responses);
      expect(counted.map(describeResponse).toSorted()).toEqual(responses.map(describeBilled).toSorted());
    }
  });
});

function readThread(path: string, sinceMs: number): Thread {
  const thread = new Thread(sinceMs);
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    const record = parseRolloutLine(line);
    expect(record.kind).not.toBe('unrecognised');
    if (record.kind !== 'irrelevant' && record.kind !== 'unrecognised') thread.add(record);
  }
  return thread;
}

function describeResponse({ threadId, model, usage }: Thread['responses'][number]): string {
  const { input, cachedInput, cacheWrite, output, reasoning } = usage;
  return [threadId, model, input, cachedInput, cacheWrite, output, reasoning].join(' ');
}

function describeBilled({ threadId, model, input, cached, cacheWrite, output, reasoning }: BilledResponse): string {
  return [threadId, model, input, cached, cacheWrite, output, reasoning].join(' ');
}
