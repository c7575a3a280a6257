import { expect } from 'vitest';
import { type RecordedInvocation, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';

test('the record of a run that goes on has each response, and its cost, once Codex has it', async ({ bench }) => {
  const gates = [openGate(), openGate()];
  bench.api.add({
    prompt: 'loop',
    replies: [
      ...gates.map(({ opened }, index) => ({
        calls: [{ tool: 'exec_command' as const, cmd: 'true' }],
        usage: { input: 1000 + index, cached: 300, output: 20, reasoning: 5 },
        until: opened,
      })),
      { hang: true },
    ],
  });
  const running = bench.start(['exec', '--json', '--dangerously-bypass-approvals-and-sandbox', 'loop']);
  for (const [index, { open }] of gates.entries()) {
    open();
    const invocation = await waitFor(`response ${index + 1} in the database`, () => {
      const [only] = tryToRead(bench);
      return only?.responses.length === index + 1 && only;
    });
    expect(invocation.status).toBe('running');
    const { input, cached, output, reasoning } = sumLedger(bench.api.ledger);
    expect(invocation.costRecords).toMatchObject([{ input, cached, output, reasoning, isActual: 1 }]);
  }
  running.kill('SIGTERM');
  await running.ended;
});

function openGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Nothing while the database is being made. */
function tryToRead({ database }: Workbench): RecordedInvocation[] {
  try {
    return readRecord(database);
  } catch {
    return [];
  }
}
