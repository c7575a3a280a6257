// Calls the `codex` on PATH once, against the scripted API, as a job of a workflow calls it, and prints what the API has billed: an
// output for the step after it.
import { execa } from 'execa';
import { openWorkbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { IMPROVEMENT } from './improvement.js';

const bench = await openWorkbench(IMPROVEMENT);
try {
  await execa('codex', ['exec', '--skip-git-repo-check', 'Improve the shop'], {
    cwd: bench.workTree,
    env: { CODEX_HOME: bench.codexHome, CODEX_METERED_WAIT: '60000' },
    stdin: 'ignore',
    stdout: process.stderr,
    stderr: process.stderr,
  });
  const { input, cached, output } = sumLedger(bench.api.ledger);
  process.stdout.write(`billed=${input} ${cached} ${output}\n`);
} finally {
  await bench.close();
}
