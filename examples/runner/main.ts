import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { chat } from './chat.js';
import { type Settings, StepError, stopSteps } from './codex.js';
import { runLoop, type WorkOrder } from './loop.js';

const [orderPath, runFolder] = process.argv.slice(2);
if (!orderPath || !runFolder) {
  console.error('usage: main.ts <work-order.json> <run folder>');
  process.exit(2);
}

const settings: Settings = {
  codex: process.env.RUNNER_CODEX || 'codex',
  model: process.env.RUNNER_MODEL || 'gpt-5.3-codex',
  workTree: process.cwd(),
  runFolder: resolve(runFolder),
};
process.once('SIGTERM', stopSteps);

try {
  const order = JSON.parse(await readFile(orderPath, 'utf8')) as WorkOrder;
  await mkdir(settings.runFolder, { recursive: true });
  const outcome = await runLoop(settings, order);
  const answer = await chat(settings, `What was done in ${basename(settings.runFolder)}? ${outcome.handoff}`);
  await writeFile(join(settings.runFolder, 'outcome.json'), JSON.stringify({ ...outcome, answer }, null, 2));
  console.log(`${outcome.verdict} after ${outcome.rounds} rounds: ${answer}`);
  process.exitCode = outcome.verdict === 'approve' ? 0 : 1;
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
