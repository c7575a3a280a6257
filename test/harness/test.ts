import { test as base } from 'vitest';
import { openWorkbench, type Workbench } from './workbench.js';

/** Tests with a workbench of their own, which is gone after each. */
export const test = base.extend<{ bench: Workbench }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures that are used from the pattern
  bench: async ({}, use) => {
    const bench = await openWorkbench();
    await use(bench);
    await bench.close();
  },
});
