import { describe, expect, it } from 'vitest';
import { Growth } from '../../src/estimate/open-response.js';
import { ResponseWalk } from '../../src/estimate/responses.js';
import type { SessionItem, SessionItemFact } from '../../src/usage/session-item.js';
import { completeUsage } from '../../src/usage/usage.js';
import {
  compacted,
  contentOf,
  ended,
  header,
  LATER_TURN,
  message,
  model,
  PARENT_TURN,
  record,
  row,
  THREAD,
  TURN,
  timed,
  toolOutput,
  turn,
} from './items.js';

describe('finding the responses that nobody counted', () => {
  it('takes a response that its tools answered, and one that ends its turn', () => {
    const found = walk(
      turn(TURN, message('go'), model('call', 3), toolOutput('hi'), row(), model('done', 5), row(), ended()),
    );

    expect(found.responses).toMatchObject([
      { answer: 'call', given: ['go'], turnId: TURN, ordinal: 0, request: 'turn', model: 'gpt-5.3-codex' },
      { answer: 'done', given: ['go', 'call', 'hi'], turnId: TURN, ordinal: 1 },
    ]);
    expect(found).toMatchObject({ cutOff: 0, retried: 0 });
  });

  it('takes items with one sequence as one response, in whatever order they were written', () => {
    const facts = [model('call one', 3), model('call two', 3), model('words', 3), toolOutput('1'), toolOutput('2')];
    expect(answers(turn(TURN, ...facts, row(), model('done', 8), row(), ended()))).toEqual([
      'call one|call two|words',
      'done',
    ]);
  });

  it('takes calls that alternate with their outputs as one response, as Codex up to 0.63 writes them', () => {
    const facts = [row(), row(), model('call 1'), toolOutput('1'), model('call 2'), toolOutput('2'), model('words')];
    expect(answers([{ kind: 'turn_context', turnId: undefined, model: 'gpt-5' }, ...facts])).toEqual([
      'call 1|call 2|words',
    ]);
  });

  it('takes a message between two answers, which steers the model, as the end of the first', () => {
    const facts = [row(), model('one'), message('rather so'), model('two'), row(), ended()];
    expect(answers(turn(TURN, ...facts))).toEqual(['one', 'two']);
  });

  it('says when a response ended and gives its number among all of its turn', () => {
    const found = walk(
      turn(TURN, model('known', 1), record(), toolOutput('x'), row(9), model('a', 3), model('b', 3), row(), ended()),
    );
    expect(found.responses).toMatchObject([{ answer: 'a|b', ordinal: 1, atMs: 8 }]);
  });
});

describe('leaving out what is counted', () => {
  it('leaves out a response with a usage record', () => {
    expect(
      answers(turn(TURN, model('a', 1), record(), toolOutput('x'), row(9), model('b', 3), row(9), ended())),
    ).toEqual(['b']);
  });

  it('leaves out a response after which the total has grown', () => {
    expect(answers(turn(TURN, model('a'), row(9), toolOutput('x'), model('b'), row(9), ended()))).toEqual(['b']);
  });

  it('leaves out a response whose usage is before it, as Codex up to 0.63 writes it', () => {
    const context: SessionItemFact = { kind: 'turn_context', turnId: undefined, model: 'gpt-5' };
    expect(answers([context, row(), row(9), model('a'), toolOutput('x'), context, row(9), row(9), model('b')])).toEqual(
      ['b'],
    );
  });

  it('takes no copied record of a parent for its own', () => {
    expect(answers(turn(TURN, model('a', 1), record('another thread'), row(), ended()))).toEqual(['a']);
  });

  it('leaves out what Codex itself says in the name of the model, for which there was no request', () => {
    const found = walk([header(), message('the review says'), model('ok'), ended()]);
    expect(found).toMatchObject({ responses: [], cutOff: 0, retried: 0 });
  });
});

describe('the growth of a total', () => {
  const total = completeUsage({ input: 1000, cachedInput: 10, output: 11, reasoning: 4 });

  it.each([
    ['is news once, however often the row repeats', [total, total], [true, false]],
    ['is news again when a resumed thread has counted from zero', [total, undefined, total], [true, false, true]],
  ])('%s', (_what, totals, news) => {
    const growth = new Growth();
    expect(totals.map((one) => growth.takeTotal(one))).toEqual(news);
  });
});

describe('responses that were cut', () => {
  it.each([
    ['another, which was asked for again', [model('hal', 3), row(), model('half', 4)]],
    ['another sequence, when there is no row between', [model('hal', 3), model('half', 4)]],
    ['a row between, when items have no sequence', [row(), model('hal'), row(), model('half')]],
  ])('leaves out a response that is followed directly by %s', (_what, facts) => {
    const found = walk(turn(TURN, ...facts, row(), ended()));
    expect(found).toMatchObject({ responses: [{ answer: 'half', ordinal: 0 }], retried: 1, cutOff: 0 });
  });

  it.each(['aborted', 'failed'] as const)('leaves out a response that a turn left open when it %s', (outcome) => {
    const found = walk(turn(TURN, model('hal', 3), row(), message('<turn_aborted>'), ended(outcome)));
    expect(found).toMatchObject({ responses: [], cutOff: 1 });
  });

  it('leaves out a response that the file ends with', () => {
    expect(walk(turn(TURN, model('hal', 3), row()))).toMatchObject({ responses: [], cutOff: 1 });
  });

  it('leaves out a response that was open when Codex was killed and the thread resumed', () => {
    const found = walk([...turn(TURN, model('hal', 3)), ...turn(LATER_TURN, model('done', 5), row(), ended())]);
    expect(found).toMatchObject({ responses: [{ answer: 'done', turnId: LATER_TURN, ordinal: 0 }], cutOff: 1 });
  });

  it('keeps a response whose tool was interrupted', () => {
    const facts = [model('call', 3), toolOutput('aborted by user'), row(), message('<turn_aborted>'), ended('aborted')];
    expect(walk(turn(TURN, ...facts))).toMatchObject({ responses: [{ answer: 'call' }], cutOff: 0 });
  });

  it('drops the last response of a turn that is known to have failed though the file says completed', () => {
    const facts = turn(TURN, model('call'), toolOutput('x'), row(), model('hal'), row(), ended());
    const found = walk(facts, { lastTurnFailed: true });
    expect(found).toMatchObject({ responses: [{ answer: 'call' }], cutOff: 1 });
    expect(walk(facts).responses).toHaveLength(2);
  });

  it('keeps what tools answered in a failed turn, because then the request after it failed', () => {
    const facts = turn(TURN, model('call'), toolOutput('x'), row(), row(), ended());
    expect(walk(facts, { lastTurnFailed: true })).toMatchObject({ responses: [{ answer: 'call' }], cutOff: 0 });
  });
});

describe('a response that called a tool and is counted nowhere, by a provider that reports usage', () => {
  const counted = [model('one', 1), record(), toolOutput('x'), row(9)];
  const doubtful = [model('two', 3), toolOutput('y'), row(9)];
  const facts = turn(TURN, ...counted, ...doubtful, model('three', 6), record(), row(20), ended());

  it.each([
    ['was cut, as far as anybody knows', undefined, { responses: [], retried: 1 }],
    [
      'is kept when Codex is known not to have asked again',
      0,
      { responses: [{ answer: 'two', ordinal: 1 }], retried: 0 },
    ],
    ['was cut when Codex is known to have asked again', 1, { responses: [], retried: 1 }],
  ])('%s', (_what, reconnects, expected) => {
    expect(walk(facts, reconnects === undefined ? {} : { reconnects })).toMatchObject(expected);
  });

  it('is kept with others that are more than those that are counted', () => {
    const more = [model('two b', 5), toolOutput('z'), row(9), model('two c', 7), toolOutput('z'), row(9)];
    const found = walk(turn(TURN, ...counted, ...doubtful, ...more));
    expect(found).toMatchObject({ responses: [{}, {}, {}], retried: 0 });
  });

  it('is kept when what Codex asked for again is another one', () => {
    const half = [model('thr', 6), row(9), model('three', 7), record(), row(20), ended()];
    const found = walk(turn(TURN, ...counted, ...doubtful, ...half), { reconnects: 1 });
    expect(found).toMatchObject({ responses: [{ answer: 'two' }], retried: 1 });
  });

  it('is kept when the provider also leaves out what certainly completed', () => {
    const found = walk(turn(TURN, ...counted, ...doubtful, model('three', 6), row(9), ended()));
    expect(found).toMatchObject({ responses: [{ answer: 'two' }, { answer: 'three' }], retried: 0 });
  });

  it('is kept when a row of Codex up to 0.125 says that it completed', () => {
    const certain = [model('two'), row(9), toolOutput('y'), row(9), model('three'), row(20), ended()];
    expect(answers(turn(TURN, ...counted, ...certain))).toEqual(['two']);
  });
});

describe('files without turns, of Codex before 0.101', () => {
  const context: SessionItemFact = { kind: 'turn_context', turnId: undefined, model: 'gpt-5' };

  it('take a response as complete when its request wrote a row at its end too', () => {
    const facts = [context, row(), model('call'), row(), toolOutput('x'), context, row(), model('done'), row()];
    expect(walk(facts)).toMatchObject({ responses: [{ answer: 'call' }, { answer: 'done' }], cutOff: 0 });
  });

  it('take a response as cut when its request wrote none', () => {
    const found = walk([context, row(), model('hal'), context, row(), model('half'), row()]);
    expect(found).toMatchObject({ responses: [{ answer: 'half' }], retried: 1 });
  });
});

describe('where the context begins and ends', () => {
  it('has no responses of turns before the invocation, only their items', () => {
    const before = turn(TURN, message('first'), model('one', 1), row(), ended());
    const after = turn(LATER_TURN, message('second'), model('two', 3), row(), ended());
    const found = walk([...before, ...after], { sinceMs: before.length + 1 });
    expect(found.responses).toMatchObject([
      { answer: 'two', given: ['first', 'one', 'second'], turnId: LATER_TURN, ordinal: 0 },
    ]);
  });

  it("has no responses of a parent's turns that a forked file copies", () => {
    const found = walk([
      header(),
      ...turn(PARENT_TURN, message('first'), model('one', 1), row(), ended()),
      ...turn(TURN, message('second'), model('two', 3), row(), ended()),
    ]);
    expect(found.responses).toMatchObject([{ answer: 'two', given: ['first', 'one', 'second'] }]);
  });

  it('does not count what was cut in a copied history', () => {
    const found = walk([header(), ...turn(PARENT_TURN, model('spawn', 1), ended('aborted')), ...turn(TURN)]);
    expect(found).toMatchObject({ responses: [], cutOff: 0 });
  });

  it('begins with what the thread inherits from another file', () => {
    const found = walk(turn(TURN, message('second'), model('two', 3), row(), ended()), {
      inherited: timed([header(), message('first'), model('one', 1), row(), ended()]),
    });
    expect(found.responses).toMatchObject([{ answer: 'two', given: ['first', 'one', 'second'] }]);
  });
});

describe('compaction', () => {
  const summary = { from: 'message' as const, content: contentOf({ text: 'summary' }) };
  const before = [message('go'), model('call', 3), toolOutput('x'), row()];
  const after = [model('done', 9), row(), ended()];

  it('is a response of its own, after which the context is the replacement', () => {
    const found = walk(turn(TURN, ...before, row(), model('summary', 3), row(), compacted('m', [summary]), ...after));
    expect(found.responses).toMatchObject([
      { answer: 'call', request: 'turn' },
      { answer: 'summary', request: 'compaction', given: ['go', 'call', 'x'], ordinal: 1 },
      { answer: 'done', request: 'turn', given: ['summary'], ordinal: 2 },
    ]);
  });

  it('is left out when it is counted', () => {
    const facts = turn(TURN, ...before, model('summary', 3), record(), row(9), compacted('m', [summary]), ...after);
    expect(answers(facts)).toEqual(['call', 'done']);
  });

  it('is known by its message alone in Codex up to 0.125', () => {
    const introduced = 'Another language model started … to assist with your own analysis:\nsummary';
    const found = walk(turn(TURN, ...before, row(), compacted(introduced, [summary]), ...after));
    expect(found.responses).toMatchObject([
      { answer: 'call' },
      { answer: 'summary', request: 'compaction', given: ['go', 'call', 'x'] },
      { answer: 'done', given: ['summary'] },
    ]);
  });

  it('is left out when the total has grown before its message', () => {
    const grown = [model('call'), row(5), toolOutput('x'), row(5), row(9)];
    expect(answers(turn(TURN, ...grown, compacted('m', [summary]), ...after))).toEqual(['done']);
  });

  it('leaves the messages and the summary where the file holds no replacement', () => {
    const found = walk(turn(TURN, ...before, compacted('summary'), ...after));
    expect(found.responses.at(-1)).toMatchObject({ answer: 'done', given: ['go', 'summary'] });
  });

  describe('by the provider', () => {
    const sealed = { from: 'model' as const, content: contentOf({ kind: 'reasoning', sealedChars: 4000 }) };

    it('leaves what it sealed, and is a response of its own where no usage is before it', () => {
      const counted = turn(TURN, model('call'), row(5), toolOutput('x'), row(5));
      const found = walk([...counted, compacted('', [summary, sealed]), model('done', 9), row(9), ended()]);
      expect(found.responses).toMatchObject([{ request: 'remote compaction', given: ['call', 'x'], ordinal: 1 }]);
    });

    it('is left out when it is counted', () => {
      const counted = [model('call'), record(), toolOutput('x'), row(5), record()];
      const facts = turn(TURN, ...counted, compacted('', [sealed]), row(5), ...after);
      expect(answers(facts)).toEqual(['done']);
    });

    it('is not estimated where nothing of it is left', () => {
      expect(answers(turn(TURN, ...before, compacted('', [summary]), ...after))).toEqual(['call', 'done']);
    });

    it('says nothing of a response that was cut', () => {
      const cut = [model('call two', 3), toolOutput('y'), row(5)];
      const counted = [model('call', 1), row(5), toolOutput('x')];
      const again = [model('call two', 5), row(9), toolOutput('y')];
      const facts = turn(TURN, ...counted, ...cut, ...again, compacted('', [sealed]));
      expect(walk(facts).responses.map(({ request }) => request)).toEqual(['remote compaction']);
    });
  });
});

interface Walked {
  sinceMs?: number;
  lastTurnFailed?: boolean;
  reconnects?: number;
  inherited?: SessionItem[];
}

/** Walks the facts, of a thread with a header unless they bring one, and shows texts instead of contents. */
function walk(facts: readonly SessionItemFact[], { inherited = [], ...options }: Walked = {}) {
  const found = new ResponseWalk({ sinceMs: 0, ...options });
  for (const item of inherited) found.inherit(item);
  for (const item of timed(facts)) found.add(item);
  found.end();
  const { cutOff, retried } = found;
  const responses = found.uncounted.map(({ answer, context, contextLength, ...rest }) => ({
    ...rest,
    answer: answer.map(({ text }) => text).join('|'),
    given: context.slice(0, contextLength).map(({ content }) => content.text),
  }));
  return { responses, cutOff, retried };
}

function answers(facts: readonly SessionItemFact[]): string[] {
  return walk([header({ threadId: THREAD }), ...facts]).responses.map(({ answer }) => answer);
}
