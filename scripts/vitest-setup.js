import { buildDistIfStale } from './dist.js';

/**
 * Tests that start the commands start dist/, so it follows the sources, on every rerun of a watch too. A build that
 * fails is said and does not stop the tests of single rooms; `npm test` does stop there.
 * @param {import('vitest/node').TestProject} project
 */
export default async function setup(project) {
  await build();
  project.onTestsRerun(build);
}

async function build() {
  try {
    await buildDistIfStale();
  } catch (error) {
    console.error(`\ndist/ is NOT what src/ says: ${error instanceof Error ? error.message : error}\n`);
  }
}
