import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import type { Scenario } from '../scripted-api/script.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/runner/', import.meta.url));
const TSX = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));

/** What the models answer: the first review asks for more, the second approves. */
const WORK: readonly Scenario[] = [
  {
    prompt: 'Build:',
    replies: [
      { calls: [{ tool: 'exec_command', cmd: 'ls' }], usage: { input: 5000, cached: 256, output: 70, reasoning: 11 } },
      { message: '{"summary":"Sorted."}', usage: { input: 5900, cached: 5376, cacheWrite: 128, output: 33 } },
    ],
  },
  {
    prompt: 'Review round 1',
    replies: [
      { message: '{"verdict":"revise","remarks":"By price."}', usage: { input: 3100, output: 41, reasoning: 30 } },
    ],
  },
  {
    prompt: 'Review round 2',
    replies: [{ message: '{"verdict":"approve","remarks":""}', usage: { input: 3300, cached: 3072, output: 12 } }],
  },
  {
    prompt: 'Write the handoff',
    replies: [{ message: '{"summary":"Shelves are sorted."}', usage: { input: 2100, cached: 1024, output: 55 } }],
  },
  { prompt: 'What was done', replies: [{ message: 'The shelves.', usage: { input: 400, output: 9, reasoning: 2 } }] },
];

function startRunner(bench: Workbench, codex: string) {
  const runFolder = join(bench.folder, 'runs', 'r42');
  const child = spawn(process.execPath, [TSX, join(EXAMPLE, 'main.ts'), join(EXAMPLE, 'work-order.json'), runFolder], {
    cwd: bench.workTree,
    env: { ...bench.env, RUNNER_CODEX: codex, OPENAI_API_KEY: 'none', OPENAI_BASE_URL: bench.api.url },
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return {
    runFolder,
    stop: () => child.kill('SIGTERM'),
    ended: ended.then(([stdout, stderr, [exitCode]]) => ({ stdout, stderr, exitCode })),
  };
}

/** The responses of an invocation, and what the API reported of them. */
function compare(recorded: ReturnType<typeof readRecord>, ledger: readonly LedgerEntry[]) {
  const keys = new Set(recorded.flatMap(({ responses }) => responses.map(({ responseKey }) => responseKey)));
  const booked = recorded.flatMap(({ costRecords }) => costRecords.filter(({ isActual }) => isActual === 1));
  const total = (counter: 'input' | 'cached' | 'cacheWrite' | 'output' | 'reasoning') =>
    booked.reduce((sum, record) => sum + record[counter], 0);
  const [input, cached, cacheWrite] = [total('input'), total('cached'), total('cacheWrite')];
  return {
    booked: { input, cached, cacheWrite, output: total('output'), reasoning: total('reasoning') },
    billed: sumLedger(ledger.filter(({ responseId }) => keys.has(responseId))),
  };
}

describe('the example of a runner', () => {
  test('runs with codex and with codex-metered, which records every phase', async ({ bench }) => {
    bench.api.add(...WORK);
    const plain = await startRunner(bench, CODEX).ended;
    // The chat is the runner's own call, and metered either way.
    expect(readRecord(bench.database).map(({ phase }) => phase)).toEqual(['chat']);
    const before = bench.api.ledger.length;
    const run = startRunner(bench, METERED);
    expect(await run.ended).toEqual(plain);
    expect(plain).toEqual({ stdout: 'approve after 2 rounds: The shelves.\n', stderr: '', exitCode: 0 });

    const recorded = readRecord(bench.database).slice(1);
    expect(recorded.map(({ phase, iteration }) => `${phase} ${iteration}`)).toEqual([
      ...['builder 1', 'reviewer 1', 'builder 2', 'reviewer 2', 'handoff 1', 'chat 2'],
    ]);
    const ledger = bench.api.ledger.slice(before);
    expect(ledger).toHaveLength(8);
    expect(recorded.flatMap(({ responses }) => responses)).toHaveLength(8);
    for (const invocation of recorded) {
      expect(invocation).toMatchObject({ runId: 'r42', projectId: 'shop', status: 'completed', notes: [] });
      const { booked, billed } = compare([invocation], ledger);
      expect(booked).toEqual(billed);
    }
    expect(compare(recorded, ledger).booked).toEqual(sumLedger(ledger));
    expect(bench.api.unmatched).toEqual([]);
  });

  test('ends with its Codex on SIGTERM, and what was used until then is recorded', async ({ bench }) => {
    const [build] = WORK;
    const [call] = build?.replies ?? [];
    bench.api.add({ prompt: 'Build:', replies: [{ ...call }, { message: 'And so on', hang: true }] });
    const run = startRunner(bench, METERED);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    run.stop();
    expect(await run.ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('builder 1 ended with') });
    const [invocation] = readRecord(bench.database);
    expect(invocation).toMatchObject({ phase: 'builder', iteration: 1, status: 'interrupted', signal: 'SIGTERM' });
    const { booked, billed } = compare(invocation ? [invocation] : [], bench.api.ledger);
    expect(booked).toEqual(billed);
    expect(readFileSync(join(run.runFolder, 'builder', 'iter-1', 'codex.log'), 'utf8')).toContain('thread.started');
  });
});
