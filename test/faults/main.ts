import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';
import { describeScript } from '../harness/script.js';
import type { Added, Swept } from './fault.js';
import { FAULTS } from './faults.js';
import { EVERY_BYTE } from './fleet.js';
import { describeDocument } from './table.js';

const RELIABILITY = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

const { write } = describeScript('test:faults', 'Tries what goes wrong around Codex: each fault is a test.')
  .option('--write', 'make docs/reliability.md')
  .parse()
  .opts<{ write?: true }>();
// The page says how many cuts of a connection were tried: all of them.
if (write) process.env[EVERY_BYTE] = '1';
const vitest = await startVitest('test', ['test/faults/faults.test.ts'], { watch: false });
const passed = new Set<string>();
const measured = new Map<string, Added | Swept>();
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests('passed')) {
    passed.add(test.name);
    const figures = test.meta().measured;
    if (figures) measured.set(test.name, figures);
  }
}
await vitest.close();
if (write)
  writeFileSync(
    RELIABILITY,
    describeDocument((name) => passed.has(name), measured),
  );
const broken = FAULTS.filter(({ name }) => !passed.has(name));
for (const { name } of broken) process.stderr.write(`does not hold: ${name}\n`);
process.exitCode = broken.length > 0 ? 1 : 0;
