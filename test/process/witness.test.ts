import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { writeNodeFake } from '../harness/fake-codex.js';
import { startOnTerminal } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';

const CTRL_C = '\u0003';
const CTRL_BACKSLASH = '\u001c';

test.for([false, true])(
  'a terminal’s Ctrl-C and Ctrl-\\ reach Codex once each, as does a kill (direct: %s)',
  async (direct, { bench }) => {
    const told = join(bench.folder, 'told');
    const codex = writeNodeFake(
      bench,
      `const tell = (text) => fs.appendFileSync(${JSON.stringify(told)}, text + '\\n');
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM']) process.on(signal, tell);
    let last = 0;
    process.on('SIGUSR2', () => process.exit(5));
    setInterval(() => {}, 1000);
    tell('ready');`,
    );
    const lines = () => {
      try {
        return readFileSync(told, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    };
    const run = startOnTerminal(bench, ['exec', '--json', 'x'], { codex, direct });
    await waitFor('Codex to listen', () => lines().length === 1);
    const act = [
      () => run.type(CTRL_C),
      () => run.type(CTRL_C),
      () => process.kill(run.pid, 'SIGINT'),
      () => run.type(CTRL_BACKSLASH),
      () => process.kill(run.pid, 'SIGTERM'),
    ];
    for (const [index, send] of act.entries()) {
      if (!direct) await waitFor('a witness', () => hasWitness(run.pid));
      send();
      await waitFor(`signal ${index}`, () => lines().length === index + 2);
    }
    process.kill(run.pid, 'SIGUSR2');
    expect((await run.ended).exitCode).toBe(5);
    expect(lines()).toEqual(['ready', 'SIGINT', 'SIGINT', 'SIGINT', 'SIGQUIT', 'SIGTERM']);
  },
);

/** Whether a `cat` stands by that has not been ended by a signal. */
function hasWitness(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.some((child) => /^\d+ \(cat\) [SR]/.test(readFileSync(`/proc/${child}/stat`, 'utf8')));
}
