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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
