import { spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/store/driver.js';
import { openWorkbench, USAGE, type Workbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { STORY, type Step } from './story.js';

const RUN_ID = 'demo';
const KEPT = fileURLToPath(new URL('../../build/demo/usage.db', import.meta.url));

const bench = await openWorkbench(...STORY.map(({ prompt, replies }) => ({ prompt, replies: [...replies] })));
try {
  say('A builder and a reviewer work in turns: real Codex, metered, against a scripted API on this machine.\n');
  for (const step of STORY) await take(bench, step);
  say('\nWhat it cost:\n\n$ codex-usage run demo\n');
  spawnSync(process.execPath, [USAGE, 'run', RUN_ID], { cwd: bench.workTree, env: bench.env, stdio: 'inherit' });
  const { input, cached, output, reasoning } = sumLedger(bench.api.ledger);
  say(
    `\nThe API's own ledger, for comparison: ${bench.api.ledger.length} responses, ${count(input)} tokens in ` +
      `(${count(cached)} cached), ${count(output)} out (${count(reasoning)} reasoning).\n`,
  );
  await keepRecord(bench);
  say(
    '\nIts record is kept. To see it in the browser:\n\n' +
      `$ CODEX_METERED_DB=${relative(process.cwd(), KEPT)} node bin/codex-usage.js serve --no-import --open\n`,
  );
} finally {
  await bench.close();
}

/** Runs Codex as a runner does: prompt on stdin, answer to a file whose path says run, phase and iteration. */
async function take({ run, folder }: Workbench, { phase, iteration, prompt }: Step): Promise<void> {
  const answer = join(folder, RUN_ID, phase, `iter-${iteration}`, 'result.json');
  const args = [
    '--ask-for-approval',
    'never',
    'exec',
    '--json',
    '--output-last-message',
    answer,
    '--color',
    'never',
    '-',
  ];
  const shown = relative(folder, answer);
  say(`$ codex-metered exec --json --output-last-message …/${shown} - <<< "${prompt}"\n`);
  await mkdir(dirname(answer), { recursive: true });
  const { exitCode, stderr } = await run(args, { stdin: prompt });
  if (exitCode === 0) return;
  process.exitCode = 1;
  throw new Error(`codex ended with ${exitCode}:\n${stderr.toString()}`);
}

/** Copies the record into build/, because the workbench deletes its own folder. */
async function keepRecord({ database }: Workbench): Promise<void> {
  await rm(dirname(KEPT), { recursive: true, force: true });
  await mkdir(dirname(KEPT), { recursive: true });
  const connection = openDatabase(database);
  connection.prepare('VACUUM INTO ?').run(KEPT);
  connection.close();
}

function say(text: string): void {
  process.stdout.write(text);
}

function count(tokens: number): string {
  return tokens.toLocaleString('en-US');
}
