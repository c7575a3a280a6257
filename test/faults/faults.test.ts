import { test } from '../harness/test.js';
import { type Added, isAdded, isSwept, type Swept } from './fault.js';
import { FAULTS } from './faults.js';
import { EVERY_BYTE } from './fleet.js';

declare module 'vitest' {
  interface TaskMeta {
    measured?: Added | Swept;
  }
}

for (const { name, hold, missing } of FAULTS) {
  test.skipIf(missing !== undefined)(
    name,
    { timeout: process.env[EVERY_BYTE] ? 3_600_000 : 300_000 },
    async ({ bench, task }) => {
      const measured = await hold(bench);
      if (isAdded(measured) || isSwept(measured)) task.meta.measured = measured;
    },
  );
}
