import { describe, expect, test } from 'vitest';
import { parseApiUsage } from '../../../src/agents/openai/usage.js';

const USED = { input: 1200, cachedInput: 1024, cacheWrite: 100, output: 85, reasoning: 64 };
const TOTALS = { inputTokens: 1200, outputTokens: 85, totalTokens: 1285 };
const CHAT = { prompt_tokens: 1200, completion_tokens: 85 };

describe('the counts of a usage object', () => {
  test.for<[name: string, usage: object]>([
    [
      'LangChain’s usage_metadata',
      {
        ...{ input_tokens: 1200, output_tokens: 85, total_tokens: 1285 },
        input_token_details: { cache_read: 1024, cache_creation: 100, text: 1200, audio: 0 },
        output_token_details: { reasoning: 64, audio: undefined },
      },
    ],
    [
      'the AI SDK before 5, with what the provider said beside it',
      {
        ...{ promptTokens: 1200, completionTokens: 85, totalTokens: 1285 },
        ...{ cachedInputTokens: 1024, cacheWriteTokens: 100, reasoningTokens: 64 },
      },
    ],
    ['the AI SDK 5', { ...TOTALS, cachedInputTokens: 1024, cacheWriteTokens: 100, reasoningTokens: 64 }],
    [
      'the AI SDK 6 and 7',
      {
        ...TOTALS,
        inputTokenDetails: { noCacheTokens: 76, cacheReadTokens: 1024, cacheWriteTokens: 100 },
        outputTokenDetails: { textTokens: 21, reasoningTokens: 64 },
        raw: { input_tokens: 1200 },
      },
    ],
    [
      'a model provider of the AI SDK',
      {
        inputTokens: { total: 1200, noCache: 76, cacheRead: 1024, cacheWrite: 100 },
        outputTokens: { total: 85, text: 21, reasoning: 64 },
      },
    ],
    [
      'OpenRouter',
      {
        ...CHAT,
        prompt_tokens_details: { cached_tokens: 1024, cache_write_tokens: 100, audio_tokens: 0, video_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 64, image_tokens: 0 },
        ...{ cost: 0.01, cost_details: { upstream_inference_cost: 0.01 } },
      },
    ],
  ])('are read in the form of %s', ([, usage]) => {
    expect(parseApiUsage(usage)).toEqual({ kind: 'usage', usage: USED, notes: [] });
  });

  test('of an API that has no details are what it says', () => {
    const usage = { input: 1200, cachedInput: 0, cacheWrite: 0, output: 85, reasoning: 0 };
    expect(parseApiUsage(CHAT)).toEqual({ kind: 'usage', usage, notes: [] });
    expect(parseApiUsage(TOTALS)).toEqual({ kind: 'usage', usage, notes: [] });
  });

  test.for<[string, object, string]>([
    ['an object', { ...CHAT, cache_details: { hits: 900 } }, 'cache_details'],
    ['a list', { ...CHAT, input_tokens_details: [{ cached_tokens: 900 }] }, 'input_tokens_details'],
    ['a name', { ...CHAT, prompt_tokens_details: { cached: 900 } }, 'prompt_tokens_details.cached'],
    [
      'a price of its own',
      { ...CHAT, prompt_tokens_details: { cached_tokens: 0, audio_tokens: 300 } },
      'prompt_tokens_details.audio_tokens',
    ],
    ['a text', { ...TOTALS, inputTokenDetails: { 'a prompt, or what?': 9 } }, '?'],
    ['a name of every object', { ...TOTALS, outputTokenDetails: { constructor: 9 } }, 'outputTokenDetails.constructor'],
  ])('are doubted where a detail is not known: %s', ([, usage, details]) => {
    const notes = [{ kind: 'unreadable', figures: { details } }];
    expect(parseApiUsage(usage)).toMatchObject({ kind: 'usage', usage: { input: 1200, output: 85 }, notes });
  });

  test('are doubted in the form of the AI SDK before 5, which has no field for cached tokens', () => {
    const parsed = parseApiUsage({ promptTokens: 1200, completionTokens: 85, totalTokens: 1285 });
    expect(parsed).toMatchObject({ kind: 'usage', usage: { input: 1200 }, notes: [{ kind: 'fallback' }] });
  });

  test.for([
    [{ promptTokens: Number.NaN, completionTokens: Number.NaN, totalTokens: Number.NaN }],
    [{ inputTokens: undefined, inputTokenDetails: { cacheReadTokens: undefined }, outputTokens: undefined }],
    [{ prompt_tokens: null, completion_tokens: null }],
  ])('are none where nobody filled them in: %o', ([usage]) => {
    expect(parseApiUsage(usage)).toEqual({ kind: 'none' });
  });

  test.for([
    [{}],
    [null],
    ['1200'],
    [[1200, 85]],
    [{ ...CHAT, prompt_tokens_details: { cached_tokens: '9' } }],
    [{ ...TOTALS, inputTokenDetails: { cacheReadTokens: 1201 } }],
    [{ inputTokens: { total: 5, cacheRead: -1 }, outputTokens: { total: 1 } }],
  ])('are refused where they make no sense: %j', ([usage]) => {
    expect(parseApiUsage(usage)).toEqual({ kind: 'unreadable' });
  });
});
