import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAULTS } from './faults.js';
import { describeDocument } from './table.js';

test('docs/reliability.md holds every fault, and each holds', () => {
  expect(readFileSync('docs/reliability.md', 'utf8')).toBe(describeDocument(() => true));
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
});
