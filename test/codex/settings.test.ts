import { describe, expect } from 'vitest';
import { startAppServer } from '../clients/app-server.js';
import { readResponseTiers } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';

/** A turn whose command takes long enough to change the settings meanwhile. */
const SLOW: Scenario = {
  prompt: 'slow',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'sleep 2' }], usage: { input: 5000, output: 70 } },
    { message: 'Done.', usage: { input: 5900, output: 33 } },
  ],
};
const NEXT: Scenario = { prompt: 'next', replies: [{ message: 'Done.', usage: { input: 6100, output: 12 } }] };

/** The model and the tier of each request that the API answered, as Codex sent them. */
function listSent({ api }: Workbench) {
  return api.ledger.map(({ request, responseId }) => {
    const { model, service_tier: tier } = api.requests[request]?.body ?? {};
    return { responseKey: responseId, model: String(model), serviceTier: tier ?? null };
  });
}

/** Whether the server says that a command runs. */
function startsCommand({ method, params }: Record<string, unknown>): boolean {
  return method === 'item/started' && JSON.stringify(params).includes('"commandExecution"');
}

describe('settings that are changed while a turn works', () => {
  test.for([
    ['the tier', { serviceTier: 'priority' }],
    ['the model', { model: 'gpt-6-sol' }],
  ] as const)('are recorded as they were sent: %s', async ([, change], { bench }) => {
    bench.api.add(SLOW, NEXT);
    bench.configure({ model: 'gpt-6.1-sol', provider: 'OpenAI' });
    const server = await startAppServer(bench);
    const threadId = await server.startThread();
    const ask = (text: string, more: object = {}) =>
      server.request('turn/start', { threadId, input: [{ type: 'text', text }], ...more });
    await ask('slow');
    // Not before: what is said while the model answers has Codex give that answer up, and ask again.
    await waitFor('the command', () => server.messages.some((message) => startsCommand(message)));
    // Codex adds this to the turn that works, and keeps what it says of settings for the next one.
    await ask('slow, and more', change);
    await waitFor('the end of the turn', () => server.messages.some(({ method }) => method === 'turn/completed'));
    await server.runTurn(threadId, 'next');
    await server.close();
    const sent = listSent(bench);
    expect(new Set(sent.map(({ model, serviceTier }) => `${model} ${serviceTier}`)).size).toBe(2);
    expect(readResponseTiers(bench)).toEqual(sent);
  });
});
