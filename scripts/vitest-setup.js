import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDistIfStale } from './dist.js';

/**
 * Tests that start the commands start dist/, so it follows the sources, on every rerun of a watch too. A build that
 * fails is said and does not stop the tests of single rooms; `npm test` does stop there. What commands leave in the state folder,
 * such as their compiled code, goes to a temporary one.
 * @param {import('vitest/node').TestProject} project
 */
export default async function setup(project) {
  const state = mkdtempSync(join(tmpdir(), 'codex-metered-tests-'));
  process.env.XDG_STATE_HOME = state;
  await build();
  project.onTestsRerun(build);
  return () => rmSync(state, { recursive: true, force: true });
}

async function build() {
  try {
    await buildDistIfStale();
  } catch (error) {
    console.error(`\ndist/ is NOT what src/ says: ${error instanceof Error ? error.message : error}\n`);
  }
}
