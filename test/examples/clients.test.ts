import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished } from 'vitest';
import { readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import {
  type Asked,
  answerLikeOpenAI,
  type Billed,
  type ScriptedAnswer,
  startOpenAIServer,
} from '../scripted-api/openai.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const TSX = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));

type Ledger = { responseKey: string; counts: Billed['usage'] }[];

/** Runs an example as its reader does, against an API whose every answer used something else. */
async function run(bench: Workbench, name: string, answer = answerLikeOpenAI) {
  const ledger: Ledger = [];
  const server = await startOpenAIServer((asked) => {
    const number = ledger.length + 1;
    const usage = { input: 1000 * number, cached: 64 * number, cacheWrite: 0, output: 10 * number, reasoning: number };
    const id = asked.path.endsWith('/responses') ? 'resp_' : 'chatcmpl-';
    ledger.push({ responseKey: `${id}${number}`, counts: usage });
    return answer(asked, 'Three shelves.', { number, usage });
  });
  onTestFinished(() => server.close());
  const ended = await execa(process.execPath, [TSX, `${EXAMPLES}${name}/main.ts`, 'r7'], {
    cwd: bench.workTree,
    env: { ...bench.env, OPENAI_API_KEY: 'none', OPENAI_BASE_URL: server.url },
  });
  return { ...ended, ledger, asked: server.asked, recorded: readRecord(bench.database) };
}

function listCounts(recorded: ReturnType<typeof readRecord>): Ledger {
  return recorded
    .flatMap(({ responses }) => responses)
    .map(({ responseKey, input, cached, cacheWrite, output, reasoning }) => {
      return { responseKey, counts: { input, cached, cacheWrite, output, reasoning } };
    });
}

/** What the example of the AI SDK asks for: a tool, then text, then a stream, then one that does not end. */
function answerAISDK(asked: Asked, say: string | undefined, billed: Billed | undefined): ScriptedAnswer {
  const answer = answerLikeOpenAI(asked, say, billed);
  if (billed?.number === 1) {
    const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'countShelves', arguments: '{}' };
    return { json: { ...answer.json, output: [{ ...call, status: 'completed' }] } };
  }
  return billed?.number === 4 ? { events: answer.events?.slice(0, 4) ?? [], hang: true } : answer;
}

describe('the example of the AI SDK', () => {
  test('records every call of the API as the API reported it, and estimates the one that is left', async ({
    bench,
  }) => {
    const { stdout, stderr, ledger, recorded } = await run(bench, 'ai-sdk', answerAISDK);
    expect(stderr).toBe('');
    expect(stdout).toBe('Three shelves.\nThree shelves.\nThre …');
    expect(recorded.map(({ runId, phase, iteration, status }) => `${runId} ${phase} ${iteration} ${status}`)).toEqual([
      ...['r7 chat 1 completed', 'r7 chat 2 completed', 'r7 handoff 1 completed', 'r7 chat 3 interrupted'],
    ]);
    expect(listCounts(recorded.slice(0, 3))).toEqual(ledger.slice(0, 3));
    expect(recorded.at(-1)?.responses).toMatchObject([{ responseKey: 'resp_4', source: 'estimated', output: 2 }]);
    expect(recorded.flatMap(({ notes }) => notes)).toMatchObject([{ kind: 'fallback' }]);
  });
});

describe('the example of LangChain', () => {
  test('records every call of the API as the API reported it', async ({ bench }) => {
    const { stdout, stderr, asked, ledger, recorded } = await run(bench, 'langchain');
    expect(stderr).toBe('');
    expect(stdout).toBe('Three shelves.\nThree shelves.\nThree shelves.');
    expect(asked.map(({ path, body }) => [path, body.stream ?? false])).toEqual([
      ['/v1/chat/completions', false],
      ['/v1/chat/completions', true],
      ['/v1/responses', false],
    ]);
    expect(recorded.map(({ runId, phase, iteration }) => `${runId} ${phase} ${iteration}`)).toEqual([
      ...['r7 chat 1', 'r7 chat 2', 'r7 handoff 1'],
    ]);
    expect(listCounts(recorded)).toEqual(ledger);
    expect(recorded.flatMap(({ notes }) => notes)).toEqual([]);
  });
});
