import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { flushUsage, meterFetch, recordUsage } from '../../src/library/index.js';
import { type RecordedInvocation, readRecord } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import {
  type Asked,
  answerLikeOpenAI,
  CHAT_USAGE,
  type ScriptedAnswer,
  startOpenAIServer,
} from '../scripted-api/openai.js';
import { useFolder } from './client.js';

const CONTEXT = { category: 'chat', project: 'shop', runId: 'r1' } as const;
const CHAT = { model: 'gpt-5.1', messages: [{ role: 'user', content: 'How many shelves?' }] };
const STREAMED = { ...CHAT, stream: true };
const ANSWERED = { input: 1200, cached: 1024, cacheWrite: 0, output: 85, reasoning: 64, source: 'actual' };

/** A scripted API, a metered fetch, and what is recorded once everything has been. */
async function openApi(answer: (asked: Asked) => ScriptedAnswer = answerLikeOpenAI) {
  const { database } = useFolder();
  const server = await startOpenAIServer(answer);
  onTestFinished(() => server.close());
  const recorded = async (): Promise<RecordedInvocation[]> => {
    await flushUsage();
    return readRecord(database);
  };
  return { server, database, recorded, url: `${server.url}/chat/completions`, fetch: meterFetch(CONTEXT) };
}

function post(body: unknown, more: RequestInit = {}): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), ...more };
}

type Call = (fetch: typeof globalThis.fetch, url: string, body: unknown) => Promise<Response>;

const CALLS: readonly (readonly [name: string, call: Call])[] = [
  ['a text to a text', (fetch, url, body) => fetch(url, post(body))],
  ['bytes to a URL', (fetch, url, body) => fetch(new URL(url), post(0, { body: Buffer.from(JSON.stringify(body)) }))],
  ['a Blob', (fetch, url, body) => fetch(url, post(0, { body: new Blob([JSON.stringify(body)]) }))],
  ['a Request', (fetch, url, body) => fetch(new Request(url, post(body)))],
  ['a Request with another body', (fetch, url, body) => fetch(new Request(url, post({})), post(body))],
];

describe('a metered fetch', () => {
  test.for(CALLS.flatMap(([name, call]) => [CHAT, STREAMED].map((body) => ({ name, call, body }))))(
    'passes on what the API answers and records it exactly: $name, $body',
    async ({ call, body }, { expect }) => {
      const { server, fetch, url, recorded } = await openApi();
      const direct = await (await call(globalThis.fetch, url, body)).text();
      expect(await (await call(fetch as typeof globalThis.fetch, url, body)).text()).toBe(direct);
      const [plain, metered] = server.asked;
      expect(metered?.body).toEqual(
        'stream' in body ? { ...body, stream_options: { include_usage: true } } : plain?.body,
      );
      expect(metered?.headers['content-type']).toBe(plain?.headers['content-type']);
      if (!('stream' in body)) expect(metered?.headers).toEqual(plain?.headers);
      expect(await recorded()).toMatchObject([
        { phase: 'chat', status: 'completed', responses: [ANSWERED], notes: [] },
      ]);
    },
  );

  test('records a call whose body only fetch can read by its answer', async () => {
    const { fetch, url, recorded } = await openApi();
    const body = new Blob([JSON.stringify(CHAT)]).stream();
    await (await fetch(url, post(0, { body, duplex: 'half' } as RequestInit))).text();
    expect(await recorded()).toMatchObject([{ responses: [{ ...ANSWERED, model: 'gpt-5.1-2025-11-13' }] }]);
  });

  test('goes through the fetch that it is given, and records a call once however often it is wrapped', async () => {
    const { url, recorded } = await openApi();
    const given = vi.fn(globalThis.fetch);
    const fetch = meterFetch({ ...CONTEXT, category: 'handoff' }, meterFetch(CONTEXT, given));
    await (await fetch(url, post(CHAT))).text();
    expect(given).toHaveBeenCalledOnce();
    expect((await recorded()).map(({ phase }) => phase)).toEqual(['handoff']);
  });

  test('lets everything else pass, and records nothing of it', async () => {
    const { server, fetch, url, database } = await openApi((asked) => ({ json: { asked: asked.method } }));
    expect(await (await fetch(`${server.url}/models`)).json()).toEqual({ asked: 'GET' });
    expect(await (await fetch(`${server.url}/embeddings`, post({ input: 'x' }))).json()).toEqual({ asked: 'POST' });
    await expect(fetch('no address', post(CHAT))).rejects.toThrow('Failed to parse URL');
    await expect(fetch('http://127.0.0.1:1/v1/chat/completions', post(CHAT))).rejects.toThrow('fetch failed');
    expect(url).toContain(server.url);
    await flushUsage();
    expect(() => readRecord(database)).toThrow('unable to open database file');
  });

  test('reads a stream that does not say it is one', async () => {
    const { fetch, url, recorded } = await openApi((asked) => ({
      ...answerLikeOpenAI(asked),
      contentType: 'text/plain',
    }));
    expect(await (await fetch(url, post(STREAMED))).text()).not.toContain('usage');
    expect(await recorded()).toMatchObject([{ responses: [ANSWERED] }]);
  });

  test('does not take an error under a status of success for an answer', async () => {
    const error = { error: { message: 'overloaded', code: 503 } };
    const { fetch, url, database } = await openApi(({ body }) => (body.stream ? { events: [error] } : { json: error }));
    for (const body of [CHAT, STREAMED]) expect(await (await fetch(url, post(body))).text()).toContain('overloaded');
    await flushUsage();
    expect(() => readRecord(database)).toThrow('unable to open database file');
  });

  test('marks an answer that says nothing', async () => {
    const { fetch, url, recorded } = await openApi(() => ({ events: ['data: [DONE]\n\n'] }));
    await (await fetch(url, post(STREAMED))).text();
    expect(await recorded()).toMatchObject([{ status: 'failed', responses: [], notes: [{ kind: 'fallback' }] }]);
  });

  test('says at once what is wrong with its context or its fetch', () => {
    expect(() => meterFetch({ category: 'talk' as 'chat' })).toThrow('The category "talk" does not exist');
    expect(() => meterFetch(undefined as never)).toThrow('The category "undefined" does not exist');
    expect(() => meterFetch(CONTEXT, {} as never)).toThrow('needs a function as its fetch');
  });
});

describe('a call that is left', () => {
  const LEFT = {
    status: 'interrupted',
    responses: [{ source: 'estimated', evidence: 'tokenizer', input: 11, output: 0 }],
  };

  test.for([
    ['before the API answers', { silent: true }],
    ['before the first event of its answer', { events: [], hang: true }],
  ] satisfies [string, ScriptedAnswer][])('leaves a record: %s', async ([, answer]) => {
    for (const body of [CHAT, STREAMED]) {
      const { server, fetch, url, recorded } = await openApi(() => answer);
      const controller = new AbortController();
      const call = (async () => (await fetch(url, post(body, { signal: controller.signal }))).text())();
      await waitFor('the request', () => server.asked.length === 1);
      controller.abort();
      await expect(call).rejects.toThrow('aborted');
      expect(await recorded()).toMatchObject([LEFT]);
      const [note] = (await recorded())[0]?.notes ?? [];
      expect(note?.reason).toContain('without what was written unseen');
    }
  });

  test('leaves a record though nobody has begun to read its answer', async () => {
    const { server, fetch, url, recorded } = await openApi(() => ({ events: [], hang: true }));
    const controller = new AbortController();
    const { body } = await fetch(url, post(STREAMED, { signal: controller.signal }));
    controller.abort();
    await waitFor('the server to be left', () => server.asked[0]?.abandoned);
    expect(await recorded()).toMatchObject([LEFT]);
    await expect(body?.getReader().read()).rejects.toThrow('aborted');
    expect(await recorded()).toHaveLength(1);
  });

  test('leaves a record when its answer is cancelled', async () => {
    const { server, fetch, url, recorded } = await openApi(() => ({ events: [], hang: true }));
    const response = await fetch(url, post(STREAMED));
    await response.body?.cancel();
    await waitFor('the server to be left', () => server.asked[0]?.abandoned);
    expect(await recorded()).toMatchObject([LEFT]);
  });

  test('leaves none where it was left before it was sent', async () => {
    const { server, fetch, url, database } = await openApi();
    await expect(fetch(url, post(CHAT, { signal: AbortSignal.abort() }))).rejects.toThrow('aborted');
    await flushUsage();
    expect(server.asked).toEqual([]);
    expect(() => readRecord(database)).toThrow('unable to open database file');
  });

  test('is told by a signal that many calls share, which is let go of when they end', async () => {
    const { fetch, url, recorded } = await openApi();
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const controller = new AbortController();
    const calls = Array.from({ length: 30 }, async (_, index) => {
      const body = index % 2 === 0 ? CHAT : STREAMED;
      return (await fetch(url, post(body, { signal: controller.signal }))).text();
    });
    await Promise.all(calls);
    controller.abort();
    const statuses = (await recorded()).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(['completed']));
    expect(warnings).toEqual([]);
  });
});

describe('a stream whose server refuses to tell its usage', () => {
  test('is not asked again for that model, until some minutes have passed', async () => {
    const { server, fetch, url, recorded } = await openApi((asked) =>
      'stream_options' in asked.body && asked.body.model === 'local'
        ? { status: 400, json: { error: { message: 'unknown field stream_options' } } }
        : answerLikeOpenAI(asked),
    );
    const ask = async (model: string, by = fetch) => (await by(url, post({ ...STREAMED, model }))).text();
    const asked = () => server.asked.splice(0).map(({ body }) => 'stream_options' in body);
    await ask('local');
    expect(asked()).toEqual([true, false]);
    const [estimated] = await recorded();
    expect(estimated?.responses).toMatchObject([{ evidence: 'tokenizer', source: 'estimated', input: 11, output: 6 }]);
    expect(estimated?.notes).toMatchObject([{ kind: 'fallback' }]);
    await ask('local');
    await ask('gpt-5.1');
    await ask('local', meterFetch(CONTEXT));
    expect(asked()).toEqual([false, true, false]);
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 11 * 60_000);
    onTestFinished(() => clock.mockRestore());
    await ask('local');
    expect(asked()).toEqual([true, false]);
    await flushUsage();
  });

  test('is asked again where the refusal had another reason', async () => {
    let refuses = true;
    const { server, fetch, url } = await openApi((asked) =>
      refuses ? { status: 404, json: { error: { message: 'no such model' } } } : answerLikeOpenAI(asked),
    );
    expect((await fetch(url, post(STREAMED))).status).toBe(404);
    refuses = false;
    await (await fetch(url, post(STREAMED))).text();
    expect(server.asked.map(({ body }) => 'stream_options' in body)).toEqual([true, false, true]);
    await flushUsage();
  });
});

describe('the iterations of calls', () => {
  test('are in the order in which the calls ended, those that are estimated too', async () => {
    const { fetch, url, recorded } = await openApi((asked) => {
      const { json } = answerLikeOpenAI(asked);
      const { usage: _, ...untold } = json ?? {};
      return { json: asked.body.user === 'untold' ? { ...untold, id: undefined } : { ...json, id: undefined } };
    });
    await (await fetch(url, post({ ...CHAT, user: 'untold' }))).text();
    await (await fetch(url, post(CHAT))).text();
    await (await fetch(url, post({ ...CHAT, user: 'untold' }))).text();
    await flushUsage();
    const own = { ...CONTEXT, model: 'gpt-5.1' };
    await Promise.all([
      recordUsage({ ...own, input: 'Write the handoff.', output: 'All shelves are done.' }),
      recordUsage({ ...own, usage: CHAT_USAGE }),
      recordUsage({ ...own, output: 'All shelves are done.' }),
      recordUsage({ ...own, usage: CHAT_USAGE }),
    ]);
    const sources = (await recorded())
      .toSorted((a, b) => a.iteration - b.iteration)
      .map(({ responses }) => responses[0]?.source);
    expect(sources).toEqual(['estimated', 'actual', 'estimated', 'estimated', 'actual', 'estimated', 'actual']);
  });
});
