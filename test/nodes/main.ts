import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describeScript } from '../harness/script.js';
import { NODES, NodeNotInstalled, nodeOfTheDay, provideNode } from './nodes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What depends on Node: SQLite, processes and their streams, threads, timers, HTTP. With one test that is all of it. */
const TESTS = [
  ...['test/store', 'test/estimate/tokenizer.test.ts', 'test/history/import.test.ts', 'test/history/live.test.ts'],
  ...['test/codex/exact.test.ts', 'test/codex/passthrough.test.ts', 'test/library', 'test/web/server.test.ts'],
  ...['test/cli/usage.test.ts', 'test/cli/catch-up.test.ts', 'test/cli/commands/statusline.test.ts'],
];
/** Ends the command where a Node could not be installed, as that of the matrix does. */
const NOT_RUN = 3;

const asked = describeScript('test:nodes', 'Runs the tests that depend on Node, on other releases of it.')
  .argument('[majors...]', `of ${NODES.join(', ')}; or today: the one of the day, as in CI (default: all)`)
  .parse()
  .args.map((name) => (name === 'today' ? nodeOfTheDay(Date.now()) : name));
const results: string[] = [];

for (const major of asked.length > 0 ? asked : NODES) {
  try {
    results.push(`Node ${major}: ${(await tryNode(major)) ? 'passed' : 'FAILED'}`);
  } catch (error) {
    if (!(error instanceof NodeNotInstalled)) throw error;
    results.push(`NOT RUN: ${error.message}`);
  }
}
process.stdout.write(`\n${results.join('\n')}\n`);
const failed = results.some((result) => result.endsWith('FAILED'));
const notRun = results.some((result) => result.startsWith('NOT RUN'));
process.exitCode = failed ? 1 : notRun ? NOT_RUN : 0;

async function tryNode(major: string): Promise<boolean> {
  const bin = await provideNode(major);
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, TEST_SUMMARY: '' };
  const { stdout } = await execa('node', ['--version'], { env });
  process.stdout.write(`\n--- the tests on Node ${stdout}\n`);
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const run = await execa('node', [vitest, 'run', ...TESTS], { env, cwd: ROOT, stdio: 'inherit', reject: false });
  return run.exitCode === 0;
}
