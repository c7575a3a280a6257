import { expect } from 'vitest';
import { listDescendants, stateOf } from '../harness/children.js';
import { expectExact, newestMeter } from '../harness/record.js';
import { startOnTerminal, startShellOnTerminal, type TerminalRun } from '../harness/terminal.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import type { Fault } from './fault.js';
import { countResponses, expectCounted, holdTurn, settle } from './turn.js';

const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';

export const TERMINAL_FAULTS: readonly Fault[] = [
  {
    name: 'Ctrl-C in a terminal',
    done: 'while Codex waits for its second response',
    codex: 'same exit code or signal; Codex gets Ctrl-C once, and writes to the terminal itself',
    record: 'what was used until then',
    hold: (bench) => interrupt(bench, (run) => run.type(CTRL_C), 'SIGINT'),
  },
  {
    name: 'The terminal is closed',
    done: 'its window is closed, which sends SIGHUP, while Codex waits for its second response',
    codex: 'ended by SIGHUP, as without us',
    record: 'what was used until then',
    hold: (bench) => interrupt(bench, (run) => run.hangUp(), 'SIGHUP'),
  },
  {
    name: 'Ctrl-Z and fg in a terminal',
    done: 'SIGTSTP and SIGCONT from a shell with job control, while Codex waits for its second response',
    codex: 'same exit code; both stop, and both go on',
    record: 'as always',
    async hold(bench) {
      const exits = [];
      for (const direct of [true, false]) exits.push(await suspend(bench, direct));
      expect(exits).toEqual(['0', '0']);
      const pid = newestMeter(bench);
      expectCounted(bench, { pid, ledger: bench.api.ledger.slice(-2) });
    },
  },
];

async function interrupt(bench: Workbench, end: (run: TerminalRun) => void, signal: string): Promise<void> {
  const ends = [];
  for (const direct of [true, false]) {
    const turn = holdTurn(bench);
    const run = startOnTerminal(bench, ['exec', 'work'], { direct });
    await turn.waits;
    // Codex shows the answer before its response is completed. Should the terminal close while it writes, the write fails, and
    // Codex ends by a panic, not by the signal.
    await waitFor('the answer', () => run.screen().includes('Done.'));
    if (!direct) await waitFor('the first response', () => countResponses(bench) === 1);
    end(run);
    ends.push(await run.ended);
  }
  const [direct, metered] = ends;
  if (!direct || !metered) throw new Error('both have ended');
  expect([metered.exitCode, metered.signal]).toEqual([direct.exitCode, direct.signal]);
  await settle(bench);
  expect(expectExact(bench, metered)).toMatchObject({
    status: 'interrupted',
    signal,
  });
}

/** Returns the exit code that the shell saw. */
async function suspend(bench: Workbench, direct: boolean): Promise<string> {
  const turn = holdTurn(bench);
  const shell = startShellOnTerminal(bench, { direct });
  shell.type('codex exec work\n');
  await turn.waits;
  const processes = listDescendants(shell.pid);
  shell.type(CTRL_Z);
  await waitFor('all to stop', () => processes.every((pid) => stateOf(pid) === 'T'));
  turn.release();
  shell.type('fg\n');
  shell.type('echo "exit=$?"\n');
  const [, code = ''] = await waitFor('the exit code', () => /exit=(\d+)/.exec(shell.screen()) ?? undefined);
  shell.type('exit\n');
  await shell.ended;
  return code;
}
