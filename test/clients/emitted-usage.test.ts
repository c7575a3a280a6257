import { Codex } from '@openai/codex-sdk';
import { expect } from 'vitest';
import { test } from '../harness/test.js';
import { METERED } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';

test('the official SDK finds what a turn used where --meter-emit writes a completed turn', async ({ bench }) => {
  bench.api.add({
    prompt: 'shelves',
    replies: [{ message: 'Three.', usage: { input: 5000, cached: 256, output: 70 } }],
  });
  const env = { ...bench.env, CODEX_METERED_EMIT: 'turn.completed' } as Record<string, string>;
  const thread = new Codex({ codexPathOverride: METERED, env }).startThread({ workingDirectory: bench.workTree });
  await thread.run('shelves');
  const before = bench.api.ledger.length;
  const { finalResponse, usage } = await thread.run('shelves again');
  const { input, cached, output } = sumLedger(bench.api.ledger.slice(before));
  expect(finalResponse).toBe('Three.');
  // Codex itself tells of both turns here.
  expect(usage).toMatchObject({ input_tokens: input, cached_input_tokens: cached, output_tokens: output });
});

test('the official SDK passes over a count of tokens', async ({ bench }) => {
  bench.api.add({ prompt: 'shelves', replies: [{ message: 'Three.', usage: { input: 5000, output: 70 } }] });
  const env = { ...bench.env, CODEX_METERED_EMIT: 'usage' } as Record<string, string>;
  const thread = new Codex({ codexPathOverride: METERED, env }).startThread({ workingDirectory: bench.workTree });
  expect(await thread.run('shelves')).toMatchObject({ finalResponse: 'Three.', usage: { input_tokens: 5000 } });
});
