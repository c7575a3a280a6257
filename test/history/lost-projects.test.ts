import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { openStore } from '../../src/store/store.js';
import { rollout } from '../harness/fake-rollouts.js';
import { markAsEarlier } from '../store/earlier.js';
import { START, sampleInvocation } from '../store/samples.js';
import { begin, createHistory, FILE, type History, THREAD, TURN, USED } from './sessions.js';

const OTHER = '01a20134-5175-7ba0-a3a5-e64a7c34143d';

function write(history: History, thread: string, header: object): void {
  const response = rollout.usageRecord(thread, TURN, `of ${thread}`, USED);
  history.write(FILE.replace(THREAD, thread), [...begin(thread, header), response]);
}

/** Makes of a database what version 5 left of a file that it had found empty, and brings it over. */
function loseProject({ database }: History, loss: string): void {
  const connection = openDatabase(database);
  connection.exec(`${loss}; UPDATE buckets SET project_id = 'unknown'`);
  markAsEarlier(connection, 5);
  connection.close();
  openStore(database, { mode: 'write' }).close();
}

const projects = (history: History) =>
  history.query('SELECT project_id AS project, input_tokens AS input FROM buckets ORDER BY project_id');
const threads = (history: History) =>
  history.query('SELECT id, project_id AS project, kind, cwd FROM threads ORDER BY id');

describe('a project that an earlier version lost, because it found the file empty', () => {
  it.each([
    ['without a thread', 'DELETE FROM threads'],
    ['with a thread of no project', "UPDATE threads SET project_id = 'unknown', cwd = NULL, cli_version = NULL"],
  ])('is found by the next import, %s', async (_name, loss) => {
    const history = createHistory();
    write(history, THREAD, { cwd: '/srv/shop' });
    await history.import();
    const before = [threads(history), projects(history)];
    loseProject(history, loss);
    expect(projects(history)).toEqual([{ project: 'unknown', input: 500 }]);
    expect(await history.import()).toMatchObject({ filesRead: 1, added: 0, duplicates: 1 });
    expect([threads(history), projects(history)]).toEqual(before);
    expect(before[1]).toEqual([{ project: 'shop', input: 500 }]);
    expect(await history.import()).toMatchObject({ filesRead: 0 });
  });

  it('gives what a sub-agent used to the run that started it', async () => {
    const history = createHistory();
    write(history, THREAD, { cwd: '/srv/shop' });
    write(history, OTHER, { cwd: '/srv/shop', session_id: THREAD, source: { subagent: 'review' } });
    await history.import();
    loseProject(history, `DELETE FROM threads WHERE id = '${OTHER}'`);
    const store = openStore(history.database, { mode: 'write' });
    const attribution = { projectId: 'metered' };
    const update = { threadId: THREAD, endedAtMs: START + 60_000, status: 'completed' } as const;
    store.record({ invocation: sampleInvocation('a', { attribution }), update });
    store.close();
    await history.import();
    expect(projects(history)).toEqual([{ project: 'metered', input: 1000 }]);
  });
});
