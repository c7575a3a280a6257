import { expect } from 'vitest';
import { readRecordSoFar } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { shell, turn } from '../scripted-api/script.js';

test('the record of a run that goes on has each response, and its cost, once Codex has it', async ({ bench }) => {
  const gates = [createGate(), createGate()];
  const replies = gates.map(({ opened }, index) =>
    shell('true', { input: 1000 + index, cached: 300, output: 20, reasoning: 5 }, { until: opened }),
  );
  bench.api.add(turn('loop', ...replies, { hang: true }));
  const running = bench.start(['exec', '--json', '--dangerously-bypass-approvals-and-sandbox', 'loop']);
  for (const [index, gate] of gates.entries()) {
    gate.open();
    const invocation = await waitFor(`response ${index + 1} in the database`, () =>
      readRecordSoFar(bench).find(({ responses }) => responses.length === index + 1),
    );
    expect(invocation.status).toBe('running');
    expect(invocation.costRecords).toMatchObject([{ ...sumLedger(bench.api.ledger), isActual: 1 }]);
  }
  running.kill('SIGTERM');
  await running.ended;
});
