import { test } from '../harness/test.js';
import { type Added, isAdded } from './fault.js';
import { FAULTS } from './faults.js';

declare module 'vitest' {
  interface TaskMeta {
    added?: Added;
  }
}

for (const { name, hold, missing } of FAULTS) {
  test.skipIf(missing !== undefined)(name, { timeout: 300_000 }, async ({ bench, task }) => {
    const added = await hold(bench);
    if (isAdded(added)) task.meta.added = added;
  });
}
