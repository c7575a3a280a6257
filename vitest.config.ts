import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'scripts/vitest-setup.js',
    // Processes, not threads: tests send signals, change directories and load native modules.
    pool: 'forks',
    // Tests that run the real Codex mostly wait for it, so two share even a small machine well; more would disturb timing.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    // On a machine that somebody else keeps busy, a test that times real processes may fail once in thousands. CI tries such a
    // test again and names it at its end, so that it is seen and mended.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
