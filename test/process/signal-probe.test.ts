import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { writeNodeFake } from '../harness/fake-codex.js';
import { startOnTerminal } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { METERED, type Workbench } from '../harness/workbench.js';

const CTRL_C = '\u0003';
const CTRL_BACKSLASH = '\u001c';

/** A Codex that writes down each signal that it is sent, and ends at SIGUSR2. */
function writeListener(bench: Workbench) {
  const file = join(bench.folder, 'told');
  const codex = writeNodeFake(
    bench,
    `const tell = (text) => fs.appendFileSync(${JSON.stringify(file)}, text + '\\n');
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1']) process.on(signal, tell);
    process.on('SIGUSR2', () => process.exit(5));
    setInterval(() => {}, 1000);
    tell('ready');`,
  );
  const lines = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
  return { codex, lines };
}

test.for([false, true])(
  'a terminal’s Ctrl-C and Ctrl-\\ reach Codex once each, as does a kill (direct: %s)',
  async (direct, { bench }) => {
    const { codex, lines } = writeListener(bench);
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
        direct || process.platform !== 'linux' ? undefined : await waitFor('the probe', () => findProbe(run.pid));
      if ('type' in act) run.type(act.type);
      else process.kill(run.pid, act.kill);
      told++;
      await waitFor(`Codex to be told of ${told - 1}`, () => lines().length === told);
      // A signal that comes before the one before it was looked at is one with it: so it is with all signals.
      if (before && 'type' in act) {
        await waitFor('another probe', () => ![undefined, before].includes(findProbe(run.pid)));
      }
    }
    process.kill(run.pid, 'SIGUSR2');
    expect((await run.ended).exitCode).toBe(5);
    expect(lines()).toEqual(['ready', 'SIGINT', 'SIGINT', 'SIGINT', 'SIGQUIT', 'SIGTERM']);
  },
);

const GROUP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'] as const;

test.for([['exec', '--json', 'x'], ['app-server'], ['features']])(
  'what a supervisor sends to the process group reaches Codex once, without a terminal, as does a kill: %j',
  async (args, { bench }) => {
    const { codex, lines } = writeListener(bench);
    const child = spawn(process.execPath, [METERED, ...args], {
      cwd: bench.workTree,
      env: { ...bench.env, CODEX_METERED_CODEX: codex },
      stdio: 'ignore',
      // It leads a process group of its own.
      detached: true,
    });
    bench.adopt(child);
    const pid = child.pid ?? 0;
    const expected = ['ready'];
    await waitFor('Codex to listen', () => lines().length === 1);
    for (const signal of GROUP_SIGNALS) {
      for (const to of [-pid, pid]) {
        const before = await waitFor('the probe', () => findProbe(pid));
        process.kill(to, signal);
        expected.push(signal);
        await waitFor(`Codex to be told of ${signal}`, () => lines().length >= expected.length);
        if (to < 0) await waitFor('another probe', () => ![undefined, before].includes(findProbe(pid)));
      }
    }
    process.kill(pid, 'SIGUSR2');
    expect(await once(child, 'exit')).toEqual([5, null]);
    expect(lines()).toEqual(expected);
  },
);

/** The `cat` that waits and has not been ended by a signal. */
function findProbe(pid: number): string | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.find((child) => {
    try {
      return /^\d+ \(cat\) [SR]/.test(readFileSync(`/proc/${child}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });
}
