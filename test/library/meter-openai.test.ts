import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { flushUsage, meterOpenAI } from '../../src/library/index.js';
import { waitFor } from '../harness/wait.js';
import { answerLikeOpenAI } from '../scripted-api/openai.js';
import { openClients } from './client.js';

const CHAT = { model: 'gpt-5.1', messages: [{ role: 'user' as const, content: 'How many shelves?' }] };
const RESPONSE = { model: 'gpt-5.1', input: 'How many shelves?' };
const SCHEMA = {
  type: 'json_schema' as const,
  json_schema: { name: 'shelves', strict: true, schema: { type: 'object', properties: {} } },
};
const ANSWERED = { input: 1200, cached: 1024, cacheWrite: 0, output: 85, reasoning: 64 };

type Call = (client: OpenAI) => Promise<unknown>;

async function readAll<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

const CALLS: readonly (readonly [name: string, call: Call])[] = [
  ['chat.completions.create', (client) => client.chat.completions.create(CHAT)],
  ['a streamed one', async (client) => readAll(await client.chat.completions.create({ ...CHAT, stream: true }))],
  [
    'a streamed one whose caller asks for usage',
    async (client) =>
      readAll(await client.chat.completions.create({ ...CHAT, stream: true, stream_options: { include_usage: true } })),
  ],
  ['chat.completions.parse', (client) => client.chat.completions.parse({ ...CHAT, response_format: SCHEMA })],
  ['chat.completions.stream', async (client) => client.chat.completions.stream(CHAT).finalChatCompletion()],
  ['chat.completions.stream, event by event', async (client) => readAll(client.chat.completions.stream(CHAT))],
  ['responses.create', (client) => client.responses.create(RESPONSE)],
  ['a streamed response', async (client) => readAll(await client.responses.create({ ...RESPONSE, stream: true }))],
  ['responses.parse', (client) => client.responses.parse(RESPONSE)],
  ['responses.stream', async (client) => client.responses.stream(RESPONSE).finalResponse()],
  [
    'withResponse',
    async (client) => {
      const { data, response, request_id } = await client.chat.completions.create(CHAT).withResponse();
      return { data, request_id, url: response.url, status: response.status };
    },
  ],
  [
    'asResponse of a stream',
    async (client) => {
      const response = await client.chat.completions.create({ ...CHAT, stream: true }).asResponse();
      return { text: await response.text(), url: response.url, type: response.headers.get('content-type') };
    },
  ],
  ['asResponse', async (client) => (await client.responses.create(RESPONSE).asResponse()).text()],
  ['a client made from it', (client) => client.withOptions({ timeout: 5000 }).chat.completions.create(CHAT)],
];

describe('a metered client of OpenAI', () => {
  test.for(CALLS)('gives what the client gives and records it exactly: %s', async ([, call], { expect }) => {
    const { direct, metered, recorded } = await openClients();
    expect(await call(metered)).toEqual(await call(direct));
    const [invocation, ...others] = await recorded();
    expect(others).toEqual([]);
    expect(invocation).toMatchObject({ projectId: 'shop', runId: 'r1', phase: 'chat', iteration: 1 });
    expect(invocation?.status).toBe('completed');
    expect(invocation?.notes).toEqual([]);
    expect(invocation?.responses).toMatchObject([{ ...ANSWERED, evidence: 'api', source: 'actual' }]);
    expect(invocation?.responses[0]?.costNanoUsd).toBeGreaterThan(0);
  });

  test('bills the tier that the API says it served', async () => {
    const { metered, recorded } = await openClients();
    await metered.chat.completions.create(CHAT);
    await metered.responses.create(RESPONSE);
    const [standard, flex] = (await recorded()).map(({ responses }) => responses[0]?.costNanoUsd ?? 0);
    expect(flex).toBe((standard ?? 0) / 2);
  });

  test('gives the same errors, and records nothing for what was not answered', async () => {
    const refuse = () => ({ status: 429, json: { error: { message: 'slow down', code: 'rate_limit_exceeded' } } });
    const { direct, metered, server } = await openClients(refuse);
    for (const client of [direct, metered]) {
      await expect(client.chat.completions.create({ ...CHAT, stream: true })).rejects.toThrow(OpenAI.RateLimitError);
    }
    expect(server.asked).toHaveLength(2);
    await flushUsage();
  });

  test('estimates what came of a stream that the caller leaves, and leaves it too', async () => {
    const { metered, server, recorded } = await openClients((asked) => {
      const { events = [] } = answerLikeOpenAI(asked, 'Three shelves, and so on without an end');
      return { events: events.slice(0, 5), hang: true };
    });
    for await (const chunk of await metered.chat.completions.create({ ...CHAT, stream: true })) {
      if (chunk.choices[0]?.delta.content) break;
    }
    await waitFor('the server to be left', () => server.asked[0]?.abandoned);
    const [invocation] = await recorded();
    expect(invocation?.status).toBe('interrupted');
    expect(invocation?.responses).toMatchObject([{ source: 'estimated', input: 11 }]);
    expect(invocation?.responses[0]?.output).toBeGreaterThan(0);
  });

  test('records a response that goes on in the background once it is known', async () => {
    const { metered, recorded } = await openClients((asked) => {
      if (asked.method === 'GET') return answerLikeOpenAI(asked);
      return {
        json: { id: 'resp_1', object: 'response', model: 'gpt-5.1', status: 'queued', output: [], usage: null },
      };
    });
    const begun = await metered.responses.create({ ...RESPONSE, background: true });
    await metered.responses.retrieve(begun.id);
    await metered.responses.retrieve(begun.id);
    const [invocation, ...others] = await recorded();
    expect(others).toEqual([]);
    expect(invocation?.responses).toMatchObject([{ responseKey: 'resp_1', ...ANSWERED, source: 'actual' }]);
  });

  test('works where the database cannot, and keeps the record aside', async () => {
    const { metered, database, stateFolder } = await openClients();
    writeFileSync(database, 'no database at all, but a file of another kind');
    expect(await metered.responses.create(RESPONSE)).toMatchObject({ id: 'resp_1' });
    await flushUsage();
    expect(await readdir(join(stateFolder, 'pending'))).toHaveLength(1);
  });

  test('replaces the context of a client that is metered already, and refuses a wrong context or client', async () => {
    const { metered, recorded } = await openClients();
    await meterOpenAI(metered, { category: 'handoff', project: 'shop', runId: 'r1' }).chat.completions.create(CHAT);
    expect((await recorded()).map(({ phase }) => phase)).toEqual(['handoff']);
    expect(() => meterOpenAI(metered, { category: 'talk' as 'chat' })).toThrow('The category "talk" does not exist');
    expect(() => meterOpenAI({} as OpenAI, { category: 'chat' })).toThrow('needs a client of the package "openai"');
  });
});
