import { expect } from 'vitest';
import { startAppServer } from '../clients/app-server.js';
import { readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { answer, shell, turn } from '../scripted-api/script.js';

/** A turn whose command takes long enough to change the settings meanwhile. */
const SLOW = turn('slow', shell('sleep 2', { input: 5000, output: 70 }), answer('Done.', { input: 5900, output: 33 }));
const NEXT = turn('next', answer('Done.', { input: 6100, output: 12 }));

/** Whether the server says that a command runs. */
function startsCommand({ method, params }: Record<string, unknown>): boolean {
  return method === 'item/started' && JSON.stringify(params).includes('"commandExecution"');
}

test.for([
  ['tier', { serviceTier: 'priority' }],
  ['model', { model: 'gpt-6-sol' }],
] as const)('a %s that is changed while a turn works is recorded as it was sent', async ([, change], { bench }) => {
  bench.api.add(SLOW, NEXT);
  bench.configure({ model: 'gpt-6.1-sol', provider: 'OpenAI' });
  const server = await startAppServer(bench);
  const threadId = await server.startThread();
  const ask = (text: string, more: object = {}) =>
    server.request('turn/start', { threadId, input: [{ type: 'text', text }], ...more });
  await ask('slow');
  // Not before: what is said while the model answers has Codex give that answer up, and ask again.
  await waitFor('the command', () => server.messages.some(startsCommand));
  // Codex adds this to the turn that works, and keeps what it says of settings for the next one.
  await ask('slow, and more', change);
  await waitFor('the end of the turn', () => server.messages.some(({ method }) => method === 'turn/completed'));
  await server.runTurn(threadId, 'next');
  await server.close();
  const { ledger, requests } = bench.api;
  const sent = ledger.map(({ request, responseId }) => {
    const { model, service_tier: tier } = requests[request]?.body ?? {};
    return { responseKey: responseId, model: String(model), serviceTier: tier ?? null };
  });
  expect(new Set(sent.map(({ model, serviceTier }) => `${model} ${serviceTier}`)).size).toBe(2);
  const recorded = readRecord(bench.database).flatMap(({ responses }) => responses);
  expect(recorded.map(({ responseKey, model, serviceTier }) => ({ responseKey, model, serviceTier }))).toEqual(sent);
});
