import { describe, expect } from 'vitest';
import { readRecord } from '../harness/record.js';
import { startOnTerminal, startShellOnTerminal, type TerminalRun } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { callThenAnswer } from '../scripted-api/scenarios.js';

const LOOP = callThenAnswer('loop', 'All done.');

/** Types a command at a shell, waits until the shell has it behind itself, and returns what has appeared meanwhile. */
async function enter(shell: TerminalRun, command: string): Promise<string> {
  const before = shell.screen().length;
  shell.type(`${command}; echo "exit=$?"\n`);
  await waitFor('its end', () => /exit=\d/.test(shell.screen().slice(before)));
  return shell.screen().slice(before);
}

function expectRecorded(bench: Workbench, times: number): void {
  const responses = readRecord(bench.database).map((invocation) => invocation.responses.length);
  expect(responses).toEqual(Array(times).fill(2));
}

describe('the line on what a run came to', () => {
  test('ends a run at whose shell a person types, in a script or a pipeline too', async ({ bench }) => {
    bench.api.add(LOOP);
    const shell = startShellOnTerminal(bench);
    const screen = await enter(shell, 'codex exec loop');
    const [{ runId } = { runId: '' }] = readRecord(bench.database);
    expect(screen).toContain(
      `codex-metered: $0.0116 · 10,900 in (5,632 cached) · 103 out · 2 responses · run ${runId}, other 1`,
    );
    shell.type('export -f codex\n');
    for (const command of ["bash -c 'codex exec loop; true'", 'codex exec loop | cat', 'echo | codex exec loop']) {
      expect(await enter(shell, command)).toContain('codex-metered: $0.0116');
    }
    shell.type('exit\n');
    await shell.ended;
    expectRecorded(bench, 4);
  });

  test.for([
    ['--meter-quiet', 'codex --meter-quiet exec loop'],
    ['--meter-summary never', 'codex --meter-summary never exec loop'],
    ['--json', 'codex exec --json loop'],
    ['CI', 'CI=true codex exec loop'],
    ['TERM=dumb', 'TERM=dumb codex exec loop'],
    ['stderr in a file', 'codex exec loop 2>errors; cat errors'],
  ])('is not there, at a shell, with %s', async ([, command], { bench }) => {
    bench.api.add(LOOP);
    const shell = startShellOnTerminal(bench);
    expect(await enter(shell, command ?? '')).not.toContain('codex-metered:');
    shell.type('exit\n');
    await shell.ended;
    expectRecorded(bench, 1);
  });

  test('is not there on a terminal that a program has opened, by itself or with a shell', async ({ bench }) => {
    bench.api.add(LOOP);
    const alone = await startOnTerminal(bench, ['exec', 'loop']).ended;
    const inShell = await startShellOnTerminal(bench, { script: 'codex exec loop; echo "exit=$?"' }).ended;
    for (const { screen, exitCode } of [alone, inShell]) {
      expect(exitCode).toBe(0);
      expect(screen).toContain('All done.');
      expect(screen).not.toContain('codex-metered:');
    }
    expectRecorded(bench, 2);
  });

  test('can be asked for anywhere, with --meter-summary always', async ({ bench }) => {
    bench.api.add(LOOP);
    const meter = ['--meter-summary', 'always'];
    const piped = await bench.run(['exec', '--json', 'loop'], { meter });
    expect(piped.stderr.toString()).toMatch(/^codex-metered: \$0\.0116 .*\n$/m);
    const driven = await startOnTerminal(bench, [...meter, 'exec', 'loop']).ended;
    expect(driven.screen).toContain('codex-metered: $0.0116');
    const env = { CODEX_METERED_SUMMARY: 'always', CODEX_METERED_QUIET: '1' };
    expect((await bench.run(['exec', '--json', 'loop'], { env })).stderr.toString()).not.toContain('codex-metered:');
  });

  test('can be asked for in three words only', async ({ bench }) => {
    const run = await bench.run(['exec', 'loop'], { meter: ['--meter-summary', 'sometimes'] });
    expect(run.exitCode).toBe(2);
    expect(run.stderr.toString()).toBe(
      'codex-metered: --meter-summary: "sometimes" is not known: use auto, always or never.\n',
    );
  });
});
