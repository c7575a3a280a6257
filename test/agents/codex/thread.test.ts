import { describe, expect, test } from 'vitest';
import { parseRolloutLine, type RolloutRecord } from '../../../src/agents/codex/rollout.js';
import { Thread } from '../../../src/agents/codex/thread.js';
import { completeUsage, sumUsage, type Usage } from '../../../src/usage/usage.js';
import { asCodexWritesIt, rollout } from '../../harness/fake-rollouts.js';

/** Ids as Codex makes them: they sort by the time they were made at. */
const PARENT = '01a20134-5175-7ba0-a3a5-e64a7c34143c';
const PARENT_TURN = '01a20134-5194-76b1-8ed0-2db832dc4713';
const SPAWNING_TURN = '01a20134-563e-7f83-aeb1-e2be5e294ec7';
const CHILD = '01a20134-56c6-70c1-9b30-057079f305af';
const CHILD_TURN = '01a20134-56f8-7de3-957a-8a660f253ccb';

const START = Date.UTC(2026, 2, 4, 5, 6, 7);

/** Reads lines, each a second after the one before, from `fromMs` on. The invocation began at START. */
function read(lines: readonly object[], fromMs = START, thread = new Thread(START), reading = thread.reading): Thread {
  lines.forEach((line, index) => {
    const timestamp = new Date(fromMs + index * 1000).toISOString();
    const record = parseRolloutLine(JSON.stringify({ ...line, timestamp }));
    if (record.kind === 'unrecognised' || record.kind === 'irrelevant')
      throw new Error(`no record: ${JSON.stringify(line)}`);
    thread.add(record satisfies RolloutRecord, reading);
  });
  return thread;
}

const a: Partial<Usage> = { input: 500, cachedInput: 20, output: 31, reasoning: 3 };
const b: Partial<Usage> = { input: 700, cachedInput: 512, cacheWrite: 8, output: 9 };
const sum = (...usages: Partial<Usage>[]) => sumUsage(usages.map((usage) => completeUsage(usage)));

const record = (key: string, usage: Partial<Usage>, thread = PARENT, turn = PARENT_TURN) =>
  rollout.usageRecord(thread, turn, key, usage);
const total = (usage: Partial<Usage>, last?: Partial<Usage>) => ({
  type: 'event_msg',
  payload: {
    type: 'token_count',
    info: { total_token_usage: asCodexWritesIt(usage), ...(last && { last_token_usage: asCodexWritesIt(last) }) },
  },
});
const noTotal = rollout.tokenCount(null);
const beginTurn = (id: string, model?: string) => [rollout.turnStarted(id), rollout.turnContext(id, model)];
const BEGIN = [rollout.header(PARENT), ...beginTurn(PARENT_TURN)];

/** The counted usages, as a reader of the bill would see them. */
const counted = (thread: Thread) => thread.responses.map(({ usage }) => usage);

describe('with usage records', () => {
  test('each is a response, with the model and the tier of its turn', () => {
    const settings = {
      type: 'event_msg',
      payload: { type: 'thread_settings_applied', thread_settings: { service_tier: 'flex' } },
    };
    const lines = [...BEGIN, settings, record('r1', a), total(a)];
    const next = [...beginTurn(SPAWNING_TURN, 'gpt-5.5'), record('r2', b, PARENT, SPAWNING_TURN), total(sum(a, b))];
    expect(read([...lines, ...next]).responses).toEqual([
      {
        ...{ threadId: PARENT, key: 'r1', turnId: PARENT_TURN, rootTurnId: PARENT_TURN, usage: sum(a) },
        ...{ evidence: 'usage_record', source: 'actual', model: 'gpt-5.3-codex', serviceTier: 'flex' },
        completedAtMs: START + 4000,
      },
      {
        ...{ threadId: PARENT, key: 'r2', turnId: SPAWNING_TURN, rootTurnId: SPAWNING_TURN, usage: sum(b) },
        ...{ evidence: 'usage_record', source: 'actual', model: 'gpt-5.5', serviceTier: 'flex' },
        completedAtMs: START + 8000,
      },
    ]);
  });

  test.each([
    ['one that is written twice counts once', [record('r1', a), record('r1', a), total(a)], [a]],
    ['two of the same size count twice', [record('r1', a), total(a), record('r2', a), total(sum(a, a))], [a, a]],
    ['one without a total after it, of a run that was killed, counts', [record('r1', a)], [a]],
    ['one of another thread is a copy', [record('r0', b, CHILD), record('r1', a), total(a)], [a]],
    [
      'one that the total leaves out, as in a compaction by the API, counts all the same',
      [record('r1', a), total(a), record('compaction', b), record('r2', a), total(sum(a, a))],
      [a, b, a],
    ],
  ])('%s', (_what, lines, usages) => {
    expect(counted(read([...BEGIN, ...lines]))).toEqual(usages.map((one) => sum(one)));
  });

  test('one that is lost is made up for by the total', () => {
    const thread = read([...BEGIN, record('r1', a), total(a), total(sum(a, b)), record('r3', a), total(sum(a, b, a))]);
    expect(thread.responses.map(({ evidence, usage }) => [evidence, usage])).toEqual([
      ['usage_record', sum(a)],
      ['token_count', sum(b)],
      ['usage_record', sum(a)],
    ]);
  });
});

describe('with totals alone, as before 0.153', () => {
  test('what a total grew by is a response, and rows that repeat it are none', () => {
    const rows = [total(a, a), total(a, a), total(a, {}), total(sum(a, b), b), total(sum(a, b), b)];
    const thread = read([...BEGIN, noTotal, ...rows]);
    expect(counted(thread)).toEqual([sum(a), sum(b)]);
    for (const one of thread.responses) expect(one).toMatchObject({ evidence: 'token_count', source: 'actual' });
    expect(thread.unchangedTotals).toBe(4);
    expect(thread.total).toEqual(sum(a, b));
  });

  test('the last usage of a row counts for nothing', () => {
    expect(counted(read([...BEGIN, total(a, sum(a, b, b))]))).toEqual([sum(a)]);
  });

  test('a total that begins anew counts from zero, and a later import gives it the same keys', () => {
    const lines = [...BEGIN, total(sum(a, b), b), noTotal, total(a, a), total(sum(a, b), b)];
    const thread = read(lines);
    expect(counted(thread)).toEqual([sum(a, b), sum(a), sum(b)]);
    const keys = thread.responses.map(({ key }) => key);
    expect(new Set(keys).size).toBe(3);
    expect(read(lines).responses.map(({ key }) => key)).toEqual(keys);
  });

  test('a total that shrinks for no known reason is noted', () => {
    const thread = read([...BEGIN, total(sum(a, b)), total(a)]);
    expect(thread.notes).toMatchObject([{ kind: 'disagreement', figures: { before: 1200, after: 500 } }]);
    expect(counted(thread)).toEqual([sum(a, b), sum(a)]);
  });
});

describe('what was before the invocation', () => {
  test('is not counted again, in records or in totals', () => {
    const thread = read([...BEGIN, record('r1', a), total(a), total(sum(a, a))], START - 60_000);
    expect(counted(thread)).toEqual([]);
    read([rollout.turnStarted(SPAWNING_TURN), total(sum(a, a)), record('r3', b), total(sum(a, a, b))], START, thread);
    expect(counted(thread)).toEqual([sum(b)]);
    expect(thread.unchangedTotals).toBe(1);
  });

  test('gives a turn its model all the same', () => {
    const thread = read(BEGIN, START - 60_000);
    expect(read([record('r1', a)], START, thread).responses).toMatchObject([{ model: 'gpt-5.3-codex' }]);
  });
});

describe('a thread that was forked', () => {
  const header = { forked_from_id: PARENT, session_id: PARENT };

  const shared = rollout.header(CHILD, { ...header, forked_from_ordinal_exclusive: 14 });
  const turnOfChild = beginTurn(CHILD_TURN);
  const failed = [shared, rollout.turnStarted(CHILD_TURN), total(a, a), total(a, a)];

  test.each([
    [
      'in 0.169 counts on from a total of its parent’s that it does not hold',
      [
        ...[shared, ...turnOfChild, record('r1', b, CHILD, CHILD_TURN), total(sum(a, b), b)],
        ...[record('r2', a, CHILD, CHILD_TURN), total(sum(a, b, a), a)],
      ],
      [b, a],
    ],
    ['and whose first turn fails repeats its parent’s figures', failed, []],
    [
      'and whose first turn failed counts on from its parent’s figures',
      [...failed, record('r1', b, CHILD, CHILD_TURN), total(sum(a, b), b)],
      [b],
    ],
    [
      'from a parent that had used nothing counts all of its own',
      [rollout.header(CHILD, header), ...turnOfChild, total(a, a), total(sum(a, b), b)],
      [a, b],
    ],
  ])('%s', (_what, lines, usages) => {
    expect(counted(read(lines))).toEqual(usages.map((one) => sum(one)));
  });

  test('in 0.145 begins with its parent’s turns, written anew', () => {
    const parent = [rollout.header(PARENT), ...beginTurn(PARENT_TURN, 'gpt-5.5')];
    const copied = [rollout.header(CHILD, header), ...parent, total(a, a), total(sum(a, b), b)];
    const spawning = beginTurn(SPAWNING_TURN, 'gpt-5.5');
    const own = beginTurn(CHILD_TURN, 'gpt-5.1-codex-mini');
    const thread = read([...copied, ...spawning, ...own, total(sum(a, b, a), a), total(sum(a, b, a, b), b)]);
    expect(thread).toMatchObject({ id: CHILD, sessionId: PARENT });
    expect(thread.responses).toMatchObject([
      { threadId: CHILD, usage: sum(a), model: 'gpt-5.1-codex-mini' },
      { threadId: CHILD, usage: sum(b), model: 'gpt-5.1-codex-mini' },
    ]);
  });
});

describe('a thread that was forked by a Codex that writes no turns (0.98 and before)', () => {
  const at = (ms: number, line: object) => ({ ...line, atMs: START + ms });
  const header = rollout.header(CHILD, { forked_from_id: PARENT, cli_version: '0.98.0' });
  const context = rollout.turnContext();

  /** Reads lines at times of their own. */
  function readAt(lines: readonly (object & { atMs: number })[], thread = new Thread(START)): Thread {
    for (const { atMs, ...line } of lines) read([line], atMs, thread);
    return thread;
  }

  const copy = [
    at(0, header),
    at(90, rollout.header(PARENT)),
    ...[context, noTotal, total(a, a), context, total(a, a), total(sum(a, b), b)].map((line) => at(91, line)),
  ];
  const own = [at(900, context), at(1900, total(sum(a, b), b)), at(2000, total(sum(a, b, a), a))];

  test('has a copy of its parent’s history, written at once, that is not its own', () => {
    expect(counted(readAt([...copy, ...own]))).toEqual([sum(a)]);
    expect(counted(readAt([...copy, ...own], new Thread(START, { age: 'new' })))).toEqual([sum(a)]);
  });

  test('is read on in the middle of the copy', () => {
    const half = readAt(copy.slice(0, 5));
    const rest = readAt([...copy.slice(5), ...own], new Thread(0, {}, half.save()));
    expect(counted(rest)).toEqual([sum(a)]);
  });

  test('by a later Codex ends its copy where a turn of its own begins', () => {
    const later = [at(0, rollout.header(CHILD, { forked_from_id: PARENT, cli_version: '0.171.0' })), ...copy.slice(1)];
    const turn = beginTurn(CHILD_TURN).map((line, index) => at(92 + index, line));
    expect(counted(readAt([...later, ...turn, at(94, record('r1', b, CHILD, CHILD_TURN))]))).toEqual([sum(b)]);
  });
});

describe('a page of a thread that was taken back', () => {
  const page = (version: string, more: object = {}) =>
    rollout.header(PARENT, {
      ...{ cli_version: version, history_mode: 'paginated' },
      history_base: { thread_id: PARENT, end_ordinal_exclusive: 21 },
      ...more,
    });
  const begin = beginTurn(SPAWNING_TURN);

  const failed = [page('0.171.0'), ...begin, total(a, a)];

  test.each([
    [
      'counts on from the total of the page before, with usage records',
      [
        ...[page('0.171.0'), ...begin, record('r5', b, PARENT, SPAWNING_TURN), total(sum(a, b), b)],
        ...[record('r6', a), total(sum(a, b, a), a)],
      ],
      [b, a],
    ],
    ['counts nothing where its first turn fails and the total of the page before is repeated', failed, []],
    ['counts on from there when that turn has failed', [...failed, record('r5', b), total(sum(a, b), b)], [b]],
    [
      'counts on from the first row’s total less its last usage, before there were usage records',
      [page('0.151.0'), ...begin, total(sum(a, b), b), total(sum(a, b, a), a)],
      [b, a],
    ],
    [
      'that begins with the first turn counts from zero',
      [page('0.151.0', { history_base: undefined }), ...begin, total(a, a)],
      [a],
    ],
  ])('%s', (_what, lines, usages) => {
    expect(counted(read(lines))).toEqual(usages.map((one) => sum(one)));
  });

  test('has keys of its own: another page can come to the same total', () => {
    const rows = [page('0.151.0'), ...begin, total(sum(a, b), b)];
    const keys = ['page-1', 'page-2'].map(
      (pageId) => read(rows, START, new Thread(START, { pageId })).responses[0]?.key,
    );
    expect(keys).toEqual(['total:page-1:1200/532/40/3', 'total:page-2:1200/532/40/3']);
  });
});

describe('a file that a migration has rewritten', () => {
  const header = rollout.header(PARENT, { cli_version: '0.140.0', history_mode: 'paginated' });
  const migrated = [header, ...beginTurn(PARENT_TURN)];

  test('says so where turns that it left out are within the next total', () => {
    const { responses, notes } = read([...migrated, total(a, a), total(sum(a, b, b), b)]);
    expect(responses).toMatchObject([{ source: 'actual' }, { usage: sum(b, b), source: 'parsed' }]);
    expect(notes).toMatchObject([{ kind: 'disagreement', figures: { input: 700, output: 9 } }]);
  });

  test('says nothing of it in a run that resumed the thread afterwards', () => {
    const { notes } = read([...migrated, total(a, a), total(sum(a, b, b), b)], START - 60_000);
    expect(notes).toEqual([]);
  });

  test('is like any other where nothing is missing', () => {
    const { responses, notes } = read([...migrated, total(a, a), total(sum(a, b), b)]);
    expect(responses.map(({ source }) => source)).toEqual(['actual', 'actual']);
    expect(notes).toEqual([]);
  });
});

describe('a turn whose model no context names', () => {
  const settings = (more: object) => ({
    type: 'event_msg',
    payload: { type: 'thread_settings_applied', thread_settings: more },
  });

  test('has that of the thread’s settings, as in a compaction before its context', () => {
    const lines = [rollout.header(PARENT), settings({ model: 'gpt-5.5' }), rollout.turnStarted(PARENT_TURN)];
    expect(read([...lines, record('r1', a), total(a)]).responses).toMatchObject([{ model: 'gpt-5.5' }]);
  });

  test('is unknown where its context says that there is none, whatever the turn before had', () => {
    const next = [rollout.turnStarted(SPAWNING_TURN), { type: 'turn_context', payload: { turn_id: SPAWNING_TURN } }];
    const rest = [...next, record('r2', b, PARENT, SPAWNING_TURN), total(sum(a, b))];
    const { responses } = read([...BEGIN, record('r1', a), total(a), ...rest]);
    expect(responses.map(({ model }) => model)).toEqual(['gpt-5.3-codex', 'unknown']);
  });
});

describe('when the machine’s clock is set back by an hour', () => {
  const before = START - 3_600_000;
  const history = [rollout.header(PARENT), rollout.turnStarted(SPAWNING_TURN), record('r0', b), total(b)];

  test('what follows a turn of this invocation belongs to it', () => {
    const thread = read(BEGIN, START, read(history, START - 7_200_000));
    read([record('r1', a), total(sum(a, b)), total(sum(a, b, a))], before, thread);
    expect(counted(thread)).toEqual([sum(a), sum(a)]);
  });

  test('all of a file that is new does', () => {
    const thread = read([...BEGIN, record('r1', a), total(a)], before, new Thread(START, { age: 'new' }));
    expect(counted(thread)).toEqual([sum(a)]);
  });

  test('the turns that a new file copied from another do not', () => {
    const copy = [rollout.header(CHILD, { session_id: PARENT, forked_from_id: PARENT })];
    const thread = read([...copy, total(a, a), total(sum(a, b), b)], before, new Thread(START, { age: 'new' }));
    expect(counted(thread)).toEqual([]);
  });
});

test.for([
  ['usage records', [record('r1', a), total(a), record('r2', b), total(sum(a, b))]],
  ['totals alone', [total(a, a), total(sum(a, b), b)]],
])('a file that is read from its beginning again counts what is new in it, with %s', ([, lines = []]) => {
  const all = [...BEGIN, ...(lines as object[])];
  const thread = read(all, START, new Thread(START, { age: 'new' }));
  const first = thread.reading;
  read([...all, total(sum(a, b, a), a)], START, thread, thread.readAgain());
  expect(counted(thread)).toEqual([sum(a), sum(b), sum(a)]);
  read([total(sum(a, b, a), a), total(sum(a, b, a, b), b)], START, thread, first);
  expect(counted(thread)).toEqual([sum(a), sum(b), sum(a), sum(b)]);
  expect(thread.notes).toEqual([]);
});

test('a thread whose model nobody names has an unknown one', () => {
  expect(read([rollout.header(PARENT), record('r1', a)]).responses).toMatchObject([{ model: 'unknown' }]);
});
