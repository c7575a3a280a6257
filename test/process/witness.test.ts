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
    const file = join(bench.folder, 'told');
    const codex = writeNodeFake(
      bench,
      `const tell = (text) => fs.appendFileSync(${JSON.stringify(file)}, text + '\\n');
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM']) process.on(signal, tell);
    let last = 0;
    process.on('SIGUSR2', () => process.exit(5));
    setInterval(() => {}, 1000);
    tell('ready');`,
    );
    const lines = () => {
      try {
        return readFileSync(file, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    };
    const run = startOnTerminal(bench, ['exec', '--json', 'x'], { codex, direct });
    await waitFor('Codex to listen', () => lines().length === 1);
    const acts = [
      { type: CTRL_C },
      { type: CTRL_C },
      { kill: 'SIGINT' },
      { type: CTRL_BACKSLASH },
      { kill: 'SIGTERM' },
    ] as const;
    let told = 1;
    for (const act of acts) {
      const before =
        direct || process.platform !== 'linux' ? undefined : await waitFor('a witness', () => findWitness(run.pid));
      if ('type' in act) run.type(act.type);
      else process.kill(run.pid, act.kill);
      told++;
      await waitFor(`Codex to be told of ${told - 1}`, () => lines().length === told);
      // A signal that comes before the one before it was looked at is one with it: so it is with all signals.
      if (before && 'type' in act) {
        await waitFor('another witness', () => ![undefined, before].includes(findWitness(run.pid)));
      }
    }
    process.kill(run.pid, 'SIGUSR2');
    expect((await run.ended).exitCode).toBe(5);
    expect(lines()).toEqual(['ready', 'SIGINT', 'SIGINT', 'SIGINT', 'SIGQUIT', 'SIGTERM']);
  },
);

/** The `cat` that stands by and has not been ended by a signal. */
function findWitness(pid: number): string | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.find((child) => {
    try {
      return /^\d+ \(cat\) [SR]/.test(readFileSync(`/proc/${child}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });
}
