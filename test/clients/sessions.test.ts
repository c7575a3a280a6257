import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect } from 'vitest';
import { parseSessionFileName } from '../../src/agents/codex/session-file.js';
import { isAlive } from '../../src/process/processes.js';
import { expectSameAsDirect } from '../harness/compare.js';
import { expectExact } from '../harness/record.js';
import { openSheet, startOnTerminal } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { METERED, type Workbench } from '../harness/workbench.js';
import type { LedgerEntry } from '../scripted-api/ledger.js';
import { SHELVES } from '../scripted-api/scenarios.js';
import { startAppServer } from './app-server.js';

/** The interactive Codex asks about a folder that it does not know, and leaves a server running. */
const onItsTerminal = test.extend<{ trusting: Workbench }>({
  trusting: async ({ bench }, use) => {
    const config = join(bench.codexHome, 'config.toml');
    appendFileSync(config, `\n[projects."${bench.workTree}"]\ntrust_level = "trusted"\n`);
    bench.api.add(SHELVES);
    await use(bench);
    const server = join(bench.codexHome, 'app-server-daemon');
    for (const name of ['daemon-updater.pid', 'daemon.pid']) {
      if (!existsSync(join(server, name))) continue;
      const { pid } = JSON.parse(readFileSync(join(server, name), 'utf8')) as { pid: number };
      process.kill(pid, 'SIGKILL');
      await waitFor(`the end of ${name}`, () => !isAlive(pid, Date.now()));
    }
  },
});

/** The threads that have a session file, once for each of their files. */
function listThreads({ codexHome }: Workbench): string[] {
  const files = readdirSync(join(codexHome, 'sessions'), { recursive: true, encoding: 'utf8' });
  return files.flatMap((file) => parseSessionFileName(basename(file))?.threadId ?? []);
}

/** The interactive Codex has a model find a title for its thread, and keeps that nowhere. */
const TITLE = expect.objectContaining({ kind: 'uncounted', reason: expect.stringContaining('title') });

/** What the API reported of `threads`: beside them the interactive Codex has some that it keeps nowhere (0.169). */
function keptIn(threads: readonly string[], ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger.filter(({ threadId }) => threads.includes(String(threadId)));
}

describe('codex app-server', () => {
  test('passes through and is recorded: several threads, one of them started later', async ({ bench }) => {
    bench.api.add(SHELVES);
    const server = await startAppServer(bench);
    const first = await server.startThread();
    const second = await server.startThread();
    await Promise.all([server.runTurn(first, 'shelves'), server.runTurn(second, 'more shelves')]);
    const third = await server.startThread();
    await server.runTurn(third, 'shelves again');
    await server.runTurn(first, 'shelves once more');
    expect(await server.close()).toBe(0);
    const threads = [first, second, third];
    const ledger = keptIn(threads, bench.api.ledger);
    const invocation = expectExact(bench, { pid: server.pid, ledger }, 8);
    expect(invocation).toMatchObject({ command: 'app-server', status: 'completed', projectId: 'shop', notes: [] });
    expect(new Set(invocation.responses.map(({ threadId }) => threadId))).toEqual(new Set(threads));
  });

  test('says the same as without us', async ({ bench }) => {
    bench.api.add(SHELVES);
    await expectSameAsDirect(async (direct) => {
      const server = await startAppServer(bench, { direct });
      await server.runTurn(await server.startThread(), 'shelves');
      expect(await server.close()).toBe(0);
      const methods = server.messages.map(({ method, id }) => method ?? id);
      return methods.filter((one) => /^(turn|item)\/(?!.*Delta)|^\d+$/.test(String(one)));
    });
  });
});

describe('the interactive Codex', () => {
  onItsTerminal.for([
    ['on its own', ['--no-daemon']],
    ['with the server that it shares', []],
  ] as const)('works on a terminal and is recorded: %s', async ([, args], { trusting: bench }) => {
    const run = startOnTerminal(bench, [...args, 'shelves']);
    await waitFor('the answer', () => run.screen().includes('Three'));
    const [thread = ''] = listThreads(bench);
    await waitFor('the box for the next prompt', () => run.screen().includes('Worked for'));
    run.type('shelves again');
    await waitFor('the prompt', () => run.screen().includes('again'));
    run.type('\r');
    await waitFor('the second answer', () => keptIn([thread], bench.api.ledger).length === 4);
    await waitFor('its end', () => run.screen().split('Worked for').length > 2);
    run.type('\u0003');
    await waitFor('the first Ctrl-C', () => /again to quit|Shutting/.test(run.screen()));
    run.type('\u0003');
    const ended = await run.ended;
    expect(ended.exitCode).toBe(0);
    const ledger = keptIn([thread], bench.api.ledger);
    const record = expectExact(bench, { pid: run.pid, ledger }, 4);
    expect(record).toMatchObject({ command: '', threadId: thread, notes: [TITLE] });
    expect(ended.screen).not.toContain('codex-metered: ');
  });

  onItsTerminal('is recorded in both pages of a thread that Esc Esc took back', async ({ trusting: bench }) => {
    const size = { columns: 120, rows: 40 };
    const sheet = openSheet([METERED, '--no-daemon', 'shelves'], { env: bench.env, cwd: bench.workTree, ...size });
    const shows = (text: string) => () => sheet.lines().some((line) => line.includes(text));
    await waitFor('the answer', shows('Worked for'));
    const [thread = ''] = listThreads(bench);
    sheet.type('\u001b');
    await waitFor('the offer to edit', shows('again to edit previous message'));
    sheet.type('\u001b');
    await waitFor('the choice of a prompt', shows('rewind'));
    sheet.type('\r');
    await waitFor('the page', () => listThreads(bench).length === 2);
    await waitFor('the prompt to edit', shows('reverted to this point'));
    sheet.type(' anew');
    await waitFor('the edited prompt', shows('shelves anew'));
    sheet.type('\r');
    await waitFor('the second answer', () => keptIn([thread], bench.api.ledger).length === 4);
    await waitFor('its end', shows('Worked for'));
    sheet.type('\u0003');
    await waitFor('the first Ctrl-C', () => /again to quit|Shutting/.test(sheet.written()));
    sheet.type('\u0003');
    await sheet.ended;
    expectExact(bench, { pid: sheet.pid, ledger: keptIn([thread], bench.api.ledger) });
  });

  onItsTerminal('does not claim what codex exec does in the same folder meanwhile', async ({ trusting: bench }) => {
    const run = startOnTerminal(bench, ['--no-daemon', 'shelves']);
    await waitFor('the answer', () => run.screen().includes('Worked for'));
    const [thread = ''] = listThreads(bench);
    const built = await bench.run(['exec', '--json', 'shelves']);
    run.type('\u0003');
    run.type('\u0003');
    await run.ended;
    expectExact(bench, built);
    expectExact(bench, { pid: run.pid, ledger: keptIn([thread], bench.api.ledger) });
  });
});
