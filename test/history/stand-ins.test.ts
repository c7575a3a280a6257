import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { rollout } from '../harness/fake-rollouts.js';
import { START, sampleInvocation, sampleResponse } from '../store/samples.js';
import { createHistory, encodeLines, type History } from './sessions.js';

const THREAD = '019a0000-0000-7000-8000-000000000001';
const TURN = '019a0000-0001-7000-8000-000000000001';
const FILE = `rollout-2026-03-04T05-06-07-${THREAD}.jsonl`;
const ENDED = START + 60_000;

const HEADER = rollout.header(THREAD, { cwd: '/home/ada/shop' });
const record = (key: string, input: number, output: number) =>
  rollout.usageRecord(THREAD, TURN, key, { input, output });

/** Two responses, of 1,000 and 2,000 tokens in, 10 and 20 out. */
const SESSION = [HEADER, record('resp-1', 1000, 10), record('resp-2', 2000, 20)];

/** What a run without a session file recorded: the same as one figure, and less exactly. */
function standIn(evidence: PricedResponse['evidence'], more: Partial<PricedResponse> = {}): PricedResponse {
  const counts = { input: 3001, cachedInput: 0, cacheWrite: 0, output: 31, reasoning: 0 };
  return sampleResponse(`${evidence}:run`, {
    ...{ threadId: THREAD, usage: counts, evidence, source: 'parsed', completedAtMs: ENDED },
    ...more,
  });
}

function meter(
  { database }: History,
  responses: readonly PricedResponse[],
  update: object = { endedAtMs: ENDED, status: 'completed' },
): void {
  const store = openStore(database, { mode: 'write' });
  const invocation = sampleInvocation('run', { startedAtMs: START });
  store.record({ invocation, update: { threadId: THREAD } });
  store.record({ invocation, responses });
  store.record({ invocation, update });
  store.close();
}

const readResponses = (history: History) =>
  history.query('SELECT invocation_id AS id, response_key AS key, input_tokens AS input FROM responses ORDER BY id');

const SUMS = 'sum(responses) AS responses, sum(input_tokens) AS input, sum(output_tokens) AS output';

function expectOnce(history: History): void {
  expect(readResponses(history)).toEqual([
    { id: 'run', key: 'resp-1', input: 1000 },
    { id: 'run', key: 'resp-2', input: 2000 },
  ]);
  const once = [{ responses: 2, input: 3000, output: 30, project: 'shop' }];
  expect(history.query(`SELECT ${SUMS}, project_id AS project FROM buckets GROUP BY project_id`)).toEqual(once);
  expect(history.query(`SELECT ${SUMS}, project_id AS project FROM cost_records GROUP BY project_id`)).toEqual(once);
}

describe('a run whose session file was not found, and the session file,', () => {
  it.each(['turn_completed', 'text', 'tokenizer', 'otel'] as const)(
    'count once whether the file is imported afterwards or was before: %s',
    async (evidence) => {
      const [after, before] = [createHistory(), createHistory()];
      meter(after, [standIn(evidence)]);
      for (const history of [after, before]) {
        history.write(FILE, SESSION);
        expect(await history.import()).toMatchObject({ added: 2 });
      }
      const notes = "SELECT kind, figures FROM notes WHERE reason LIKE 'a session file was read later%'";
      const figures = JSON.stringify({ responses: 1, input: 3001, output: 31 });
      expect(after.query(notes)).toEqual([{ kind: 'fallback', figures }]);
      meter(before, [standIn(evidence)]);
      expectOnce(before);
      // A pending change may be applied twice.
      meter(before, [standIn(evidence)]);
      for (const history of [after, before]) expectOnce(history);
    },
  );

  it('count once when the output did not name the thread', async () => {
    const history = createHistory();
    meter(history, [standIn('text', { threadId: 'invocation:run' })]);
    history.write(FILE, SESSION);
    await history.import();
    expectOnce(history);
  });

  it('count once when the file is imported in two goes', async () => {
    const history = createHistory();
    meter(history, [standIn('turn_completed')]);
    history.write(FILE, SESSION.slice(0, 2));
    await history.import();
    history.write(FILE, SESSION);
    expect(await history.import()).toMatchObject({ added: 1 });
    expectOnce(history);
  });
});

describe('a session that is imported', () => {
  it('gives a run what was completed while it ran, and nothing of other turns', async () => {
    const history = createHistory();
    meter(history, [standIn('turn_completed')]);
    const before = encodeLines([HEADER, record('resp-0', 500, 5)], START - 3_600_000);
    const after = encodeLines([record('resp-9', 700, 7)], ENDED + 3_600_000);
    history.write(FILE, before + encodeLines(SESSION.slice(1)) + after);
    expect(await history.import()).toMatchObject({ added: 4 });
    expect(readResponses(history)).toEqual([
      { id: null, key: 'resp-0', input: 500 },
      { id: null, key: 'resp-9', input: 700 },
      { id: 'run', key: 'resp-1', input: 1000 },
      { id: 'run', key: 'resp-2', input: 2000 },
    ]);
    expect(history.query(`SELECT ${SUMS} FROM buckets`)).toEqual([{ responses: 4, input: 4200, output: 42 }]);
  });

  it('leaves a run without a file alone when it is of another thread', async () => {
    const history = createHistory();
    meter(history, [standIn('otel', { threadId: 'ephemeral' })], { endedAtMs: ENDED, threadId: 'ephemeral' });
    history.write(FILE, SESSION);
    await history.import();
    expect(history.query(`SELECT ${SUMS} FROM buckets`)).toEqual([{ responses: 3, input: 6001, output: 61 }]);
  });

  it('leaves an estimate of a response that the file does not count', async () => {
    const history = createHistory();
    meter(history, [standIn('tokenizer', { key: 'estimate:turn:7', source: 'estimated' })]);
    history.write(FILE, SESSION);
    await history.import();
    expect(history.query(`SELECT ${SUMS} FROM buckets`)).toEqual([{ responses: 3, input: 6001, output: 61 }]);
  });

  it('while it is metered gives its responses to the run that records them', async () => {
    const history = createHistory();
    history.write(FILE, SESSION);
    await history.import();
    const live = (key: string, input: number, output: number) => {
      const usage = { input, output, cachedInput: 0, reasoning: 0 };
      return sampleResponse(key, { threadId: THREAD, usage, completedAtMs: START + 2000 });
    };
    // It does not end: what the import has found is taken by key.
    meter(history, [live('resp-1', 1000, 10), live('resp-2', 2000, 20)], {});
    expectOnce(history);
    expect(await history.import()).toMatchObject({ added: 0 });
    expectOnce(history);
  });
});
