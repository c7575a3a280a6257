import { createOpenAI } from '@ai-sdk/openai';
import { HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { captureUsage } from '../../src/library/index.js';
import { readRecord } from '../harness/record.js';
import { type Asked, answerLikeOpenAI, CHAT_USAGE, startOpenAIServer } from '../scripted-api/openai.js';
import { useFolder } from './client.js';

const PROMPT = 'How many shelves?';
const CONTEXT = { project: 'shop', runId: 'r1' };
const CAPTURED = { source: 'actual', input: 1200, cached: 1024, output: 85, reasoning: 64 };

async function openApi(answer: (asked: Asked) => ReturnType<typeof answerLikeOpenAI> = answerLikeOpenAI) {
  const { database } = useFolder();
  const { url, close } = await startOpenAIServer(answer);
  onTestFinished(close);
  return {
    database,
    aiSdk: createOpenAI({ apiKey: 'none', baseURL: url }),
    langChain: (useResponsesApi: boolean) =>
      new ChatOpenAI({ apiKey: 'none', model: 'gpt-5.1', useResponsesApi, configuration: { baseURL: url } }),
  };
}

type Api = Awaited<ReturnType<typeof openApi>>;

/** A call of the Chat Completions API for a tool, as long as it has not been called. */
function askForTool({ body, ...asked }: Asked): ReturnType<typeof answerLikeOpenAI> {
  const answer = answerLikeOpenAI({ ...asked, body });
  if (JSON.stringify(body.messages).includes('"role":"tool"')) return answer;
  const call = { id: 'call_1', type: 'function', function: { name: 'count', arguments: '{}' } };
  const message = { role: 'assistant', content: null, tool_calls: [call] };
  return { json: { ...answer.json, choices: [{ index: 0, message, finish_reason: 'tool_calls' }] } };
}

describe('what is captured of a result', () => {
  test.for<[name: string, responseKey: string, call: (api: Api) => unknown]>([
    ['generateText', 'resp_1', ({ aiSdk }) => generateText({ model: aiSdk('gpt-5.1'), prompt: PROMPT })],
    [
      'generateText of a chat',
      'chatcmpl-1',
      ({ aiSdk }) => generateText({ model: aiSdk.chat('gpt-5.1'), prompt: PROMPT }),
    ],
    ['streamText, which promises', 'resp_1', ({ aiSdk }) => streamText({ model: aiSdk('gpt-5.1'), prompt: PROMPT })],
    ['LangChain’s message', 'chatcmpl-1', ({ langChain }) => langChain(false).invoke([new HumanMessage(PROMPT)])],
    ['LangChain’s message of a response', 'resp_1', ({ langChain }) => langChain(true).invoke(PROMPT)],
  ])('is what the API reported: %s', async ([, responseKey, call]) => {
    const api = await openApi();
    await captureUsage('chat', await call(api), CONTEXT);
    const [invocation] = readRecord(api.database);
    expect(invocation?.responses).toMatchObject([{ ...CAPTURED, responseKey }]);
    expect(invocation?.responses[0]?.model).toMatch(/^gpt-5\.1/);
    expect(invocation?.notes).toEqual([]);
  });

  test('is the sum of all calls where the AI SDK took several steps', async () => {
    const { aiSdk, database } = await openApi(askForTool);
    const count = tool({ inputSchema: z.object({}), execute: async () => 3 });
    const result = await generateText({
      ...{ model: aiSdk.chat('gpt-5.1'), prompt: PROMPT, tools: { count } },
      stopWhen: stepCountIs(3),
    });
    expect(result.steps).toHaveLength(2);
    await captureUsage('chat', result, CONTEXT);
    const [invocation] = readRecord(database);
    expect(invocation?.responses).toMatchObject([{ input: 2400, cached: 2048, output: 170, source: 'actual' }]);
    expect(invocation?.responses[0]?.responseKey).not.toContain('chatcmpl');
  });

  test('has the cached tokens that the AI SDK before 5 keeps elsewhere', async () => {
    const { database } = useFolder();
    const usage = { promptTokens: 1200, completionTokens: 85, totalTokens: 1285 };
    const openai = { cachedPromptTokens: 1024, reasoningTokens: 64 };
    const response = { id: 'chatcmpl-1', modelId: 'gpt-5.1' };
    await captureUsage('chat', { text: '3', usage, response, providerMetadata: { openai } }, CONTEXT);
    await captureUsage('chat', { text: '3', usage, response: { modelId: 'gpt-5.1' } }, CONTEXT);
    const [told, untold] = readRecord(database);
    expect(told).toMatchObject({ responses: [{ ...CAPTURED, responseKey: 'chatcmpl-1' }], notes: [] });
    expect(untold).toMatchObject({ responses: [{ source: 'parsed', input: 1200, cached: 0 }] });
    expect(untold?.notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no place for cached') }]);
  });

  test('is never 0 cached tokens as actual where a detail is not known', async () => {
    const { database } = useFolder();
    await captureUsage(
      'chat',
      { model: 'gpt-5.1', usage: { ...CHAT_USAGE, prompt_tokens_details: { hit: 9 } } },
      CONTEXT,
    );
    const [invocation] = readRecord(database);
    expect(invocation?.responses).toMatchObject([{ source: 'parsed', evidence: 'api', input: 1200, cached: 0 }]);
    expect(invocation?.costRecords).toMatchObject([{ isActual: 0 }]);
    expect(invocation?.notes).toMatchObject([
      { kind: 'unreadable', figures: '{"details":"prompt_tokens_details.hit"}' },
    ]);
  });

  test('is an estimate where the stream that promised it failed, or nobody told the AI SDK', async () => {
    const { database } = useFolder();
    const promised = { usage: Promise.reject(new Error('cut')), text: Promise.resolve('All shelves are done.') };
    await captureUsage('chat', promised, { ...CONTEXT, model: 'gpt-5.1' });
    const usage = { promptTokens: Number.NaN, completionTokens: Number.NaN, totalTokens: Number.NaN };
    const getter = { usage, text: 'All shelves are done.' };
    Object.defineProperty(getter, 'output', {
      get() {
        throw new Error('No output specified');
      },
    });
    await captureUsage('chat', getter, { ...CONTEXT, model: 'gpt-5.1' });
    for (const invocation of readRecord(database)) {
      expect(invocation).toMatchObject({
        responses: [{ source: 'estimated', output: 5 }],
        notes: [{ kind: 'fallback' }],
      });
      expect(invocation.notes).toHaveLength(1);
    }
  });
});
