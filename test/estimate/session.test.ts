import { describe, expect, it } from 'vitest';
import { estimateSession } from '../../src/estimate/session.js';
import type { SessionItemFact } from '../../src/usage/session-item.js';
import {
  compacted,
  contentOf,
  ended,
  header,
  item,
  message,
  model,
  reasoning,
  row,
  TURN,
  timed,
  toolOutput,
  turn,
} from './items.js';

/** 0.169's schemas for a model that it lists; see request-overhead. */
const LISTED_SCHEMAS = 1941;
const COMPACTION_PROMPT = 89;

describe('the estimate of a session', () => {
  it('counts the instructions, the tools and all that was said before as input, and the answer as output', async () => {
    const usages = await estimate(
      turn(TURN, message('six'), model('three', 1), toolOutput('four'), row(), model('done!', 3), row(), ended()),
    );
    const first = 'Be brief.'.length + LISTED_SCHEMAS + 'six'.length;
    expect(usages).toEqual([
      usage({ input: first, output: 'three'.length }),
      usage({ input: first + 'threefour'.length, output: 'done!'.length }),
    ]);
  });

  it('takes the larger of the summary of the reasoning and what its encrypted length suggests', async () => {
    const sealed = 4000;
    const [first, second] = await estimate(
      turn(TURN, reasoning('hm', sealed), model('call'), toolOutput('x'), row(), reasoning('hmm', 100), row(), ended()),
    );
    const tokens = Math.ceil(((sealed * 3) / 4 - 650) / 4);
    expect(first).toMatchObject({ output: tokens + 'call'.length, reasoning: tokens });
    expect(second).toMatchObject({ output: 'hmm'.length, reasoning: 'hmm'.length });
    expect(second?.input).toBe((first?.input ?? 0) + tokens + 'callx'.length);
  });

  it('counts an image as Codex does, and an encrypted message by its length', async () => {
    const picture = item('message', { text: 'see', images: 1 });
    const letter = item('message', { sealedChars: 640 });
    const [with1] = await estimate(turn(TURN, picture, letter, model('ok', 3), row(), ended()));
    expect(with1?.input).toBe('Be brief.see'.length + LISTED_SCHEMAS + 1844 + 90);
  });

  it('counts instructions and tools once when they are among the items', async () => {
    const among = [item('tool_list', { text: 'tools' }), message('Be brief.')];
    expect(await estimate(turn(TURN, ...among, model('ok', 3), row(), ended()))).toMatchObject([
      { input: 'toolsBe brief.'.length },
    ]);
  });

  it('counts a compaction without tools and with its prompt, and after it the replacement alone', async () => {
    const replacement = [{ from: 'message' as const, content: contentOf({ text: 'short' }) }];
    const usages = await estimate(
      turn(TURN, message('long'), model('sum', 1), row(), compacted('m', replacement), model('ok', 5), row(), ended()),
    );
    expect(usages).toEqual([
      usage({ input: 'Be brief.long'.length + COMPACTION_PROMPT, output: 3 }),
      usage({ input: 'Be brief.short'.length + LISTED_SCHEMAS, output: 2 }),
    ]);
  });

  it('counts a compaction by the provider with the tools that it is offered from 0.125 on, and without a prompt', async () => {
    const replacement = [{ from: 'model' as const, content: contentOf({ kind: 'reasoning', sealedChars: 4000 }) }];
    const facts = turn(TURN, model('a'), row(9), message('long'), compacted('', replacement));
    const usageIn = async (cliVersion: string) => {
      const { responses } = await estimateSession(timed([header({ cliVersion }), ...facts]), { sinceMs: 0 }, lengths);
      return responses[0]?.usage;
    };
    const conversation = 'Be brief.along'.length;
    expect(await usageIn('0.101.0')).toMatchObject({ input: conversation });
    expect(await usageIn('0.169.0')).toMatchObject({
      input: conversation + LISTED_SCHEMAS,
      output: Math.ceil((4000 * 0.75 - 650) / 4),
    });
  });

  it('asks for no count when nothing is to be estimated', async () => {
    const nobody = () => Promise.reject(new Error('was asked'));
    const known = timed([header(), ...turn(TURN, model('a', 1), row(9), ended())]);
    await expect(estimateSession(known, { sinceMs: 0 }, nobody)).resolves.toEqual({
      ...{ responses: [], cutOff: 0, retried: 0 },
    });
  });

  it('reads items as they come, and names the model that was asked for', async () => {
    async function* later() {
      yield* timed([header(), ...turn(TURN, model('ok', 1), row(), ended())]);
    }
    const { responses } = await estimateSession(later(), { sinceMs: 0 }, lengths);
    expect(responses).toMatchObject([{ model: 'gpt-5.3-codex', turnId: TURN, ordinal: 0, request: 'turn' }]);
  });
});

/** As if every character were a token. */
async function lengths(texts: readonly string[]): Promise<number[]> {
  return texts.map((text) => text.length);
}

async function estimate(facts: SessionItemFact[]) {
  const { responses } = await estimateSession(timed([header(), ...facts]), { sinceMs: 0 }, lengths);
  return responses.map((response) => response.usage);
}

function usage(counts: { input: number; output: number }) {
  return { cachedInput: 0, cacheWrite: 0, reasoning: 0, ...counts };
}
