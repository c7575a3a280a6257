import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.js';
import { sampleInvocation, sampleResponse } from '../store/samples.js';
import { BEGIN, createHistory, createRunner, FILE, type History, record, START, THREAD, TURN } from './sessions.js';

const startedLine = JSON.stringify({ type: 'thread.started', thread_id: THREAD });
const completedLine = (input: number, output: number) => {
  const usage = { input_tokens: input, cached_input_tokens: 0, output_tokens: output };
  return JSON.stringify({ type: 'turn.completed', usage });
};

const costs = (history: History) =>
  history.query(
    `SELECT run_id AS run, category, iteration, source, input_tokens AS input, output_tokens AS output
     FROM cost_records ORDER BY run_id, category, iteration`,
  );

describe('a backfill', () => {
  it('takes the session file where it is still there', async () => {
    const history = createHistory();
    history.write(FILE, [...BEGIN, record('r1')]);
    await history.import();
    const { keep, backfill } = createRunner(START);
    keep('r42/builder/iter-3', { 'codex.log': `${startedLine}\n${completedLine(9, 9)}\n` });
    expect(await backfill(history.database)).toEqual({ actual: 1 });
    expect(costs(history)).toEqual([
      { run: 'r42', category: 'builder', iteration: 3, source: 'actual', input: 500, output: 31 },
    ]);
    expect(history.query('SELECT origin, status, project_id AS project FROM invocations')).toEqual([
      { origin: 'backfilled', status: 'completed', project: 'shop' },
    ]);
    expect(history.query('SELECT project_id AS project, input_tokens AS input FROM buckets')).toEqual([
      { project: 'shop', input: 500 },
    ]);
  });

  it('takes the lines of tokens of the log, less what earlier turns of the thread used', async () => {
    const history = createHistory();
    const { keep, backfill } = createRunner(START);
    keep('r42/builder/iter-1', { 'codex.log': `noise\n${startedLine}\n${completedLine(1000, 10)}\n` }, 0);
    keep('r42/builder/iter-2', { 'codex.log': `${startedLine}\n${completedLine(1700, 25)}\n` }, 1000);
    const human = `model: gpt-5.3-codex\nsession id: ${TURN}\nhello\ntokens used\n1,903\n`;
    keep('r42/review/iter-1', { 'codex.log': human }, 2000);
    expect(await backfill(history.database)).toEqual({ parsed: 3 });
    expect(costs(history)).toEqual([
      { run: 'r42', category: 'builder', iteration: 1, source: 'parsed', input: 1000, output: 10 },
      { run: 'r42', category: 'builder', iteration: 2, source: 'parsed', input: 700, output: 15 },
      { run: 'r42', category: 'reviewer', iteration: 1, source: 'parsed', input: 1903, output: 0 },
    ]);
  });

  it('estimates from the prompt and the result where there is nothing else', async () => {
    const history = createHistory();
    const { keep, backfill } = createRunner(START);
    keep('r42/handoff/1', { 'prompt.txt': 'Say hello to the world.', 'result.json': '{"message":"Hello."}' });
    keep('r42/chat/1', { 'codex.log': '' });
    expect(await backfill(history.database)).toEqual({ estimated: 1, unknown: 1 });
    const [cost] = costs(history) as { source: string; input: number; output: number }[];
    expect(cost?.source).toBe('estimated');
    expect(cost?.output).toBeGreaterThan(2);
    expect(cost?.output).toBeLessThan(20);
    expect(cost?.input).toBeGreaterThan(1000);
  });

  it('leaves alone what was metered, and adds nothing the second time', async () => {
    const history = createHistory();
    const { keep, backfill } = createRunner(START);
    const store = openStore(history.database, { mode: 'write' });
    const attribution = { projectId: 'shop', runId: 'r42', phase: 'builder', iteration: 1 } as const;
    store.record({ invocation: sampleInvocation('live', { attribution }), responses: [sampleResponse('1')] });
    store.close();
    keep('r42/builder/iter-1', { 'codex.log': completedLine(1000, 10) });
    keep('r42/builder/iter-2', { 'codex.log': completedLine(800, 10) });
    expect(await backfill(history.database)).toEqual({ metered: 1, parsed: 1 });
    const before = costs(history);
    expect(await backfill(history.database)).toEqual({ metered: 1, parsed: 1 });
    expect(costs(history)).toEqual(before);
  });
});
