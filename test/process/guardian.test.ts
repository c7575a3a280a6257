import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { stateOf } from '../harness/children.js';
import { waitFor } from '../harness/wait.js';

const GUARDIAN = fileURLToPath(new URL('../../src/process/guardian.ts', import.meta.url));

/** A process that calls a guardian for another one, which works for a minute, and then does as `script` says. */
async function guard(script: string) {
  const worker = spawn('sleep', ['60'], { stdio: 'ignore' });
  const source = `import { callGuardian } from ${JSON.stringify(GUARDIAN)};
    const guardian = callGuardian(${worker.pid});
    console.log('ready');
    ${script}`;
  const front = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    for (const process of [worker, front]) process.kill('SIGKILL');
  });
  await once(front.stdout, 'data');
  return { worker: worker.pid ?? 0, front };
}

test('a guardian ends Codex when whoever called it is killed', async () => {
  const { worker, front } = await guard('setInterval(() => {}, 1000);');
  front.kill('SIGKILL');
  await waitFor('the end of the worker', () => [undefined, 'Z'].includes(stateOf(worker)));
});

test('a guardian that was dismissed leaves everybody alone', async () => {
  const { worker, front } = await guard('guardian.dismiss(); setTimeout(() => process.exit(), 100);');
  await once(front, 'exit');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(stateOf(worker)).toBe('S');
});
