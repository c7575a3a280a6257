import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAULTS } from './faults.js';
import { describeDocument } from './table.js';

test('docs/reliability.md holds every fault, and each holds', () => {
  // Times are those of the machine that wrote it, and how long a push is follows from its version.
  const document = readFileSync('docs/reliability.md', 'utf8').replaceAll(
    /; held up by \d+ ms at most, its end by \d+ ms|: [\d,]+ cuts of [\d,]+ bytes/g,
    '',
  );
  expect(document).toBe(describeDocument(() => true, new Map()));
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
});
