import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseRolloutLine } from '../../src/formats/codex-rollout.js';
import { Thread } from '../../src/formats/codex-thread.js';
import { sumUsage } from '../../src/usage/usage.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));
const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.jsonl'));

describe('a recorded session', () => {
  test.each(files)('%s counts what the API billed', (name) => {
    const thread = new Thread(0);
    for (const line of readFileSync(join(FIXTURES, name), 'utf8').trimEnd().split('\n')) {
      const record = parseRolloutLine(line);
      expect(record.kind).not.toBe('unrecognised');
      if (record.kind !== 'irrelevant' && record.kind !== 'unrecognised') thread.add(record);
    }
    expect(name).toContain(thread.cliVersion);
    expect(thread.responses.map(({ usage }) => usage.input)).toEqual([5000, 5400, 5900]);
    expect(sumUsage(thread.responses.map(({ usage }) => usage))).toEqual({
      ...{ input: 16_300, cachedInput: 10_400, cacheWrite: 0, output: 59, reasoning: 0 },
    });
    expect(thread.notes).toEqual([]);
  });
});
