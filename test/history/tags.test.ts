import { readFileSync, renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { createEarlier, STEPS } from '../store/earlier.js';
import { answer, createClaudeHome, OTHER, SESSION } from './claude-family.js';
import { begin, createHistory, FILE, type History, record, THREAD } from './sessions.js';

const PAGE = '01a20134-5175-7ba0-a3a5-e64a7c34143d';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const git = (branch: string) => ({
  branch,
  commit_hash: COMMIT,
  repository_url: 'https://ada:hunter2@git.example.com/acme/shop.git',
});

function session(gitInfo: unknown, key = 'resp_1'): object[] {
  return [...begin(THREAD, { git: gitInfo }), record(key)];
}

const TAGS = 'SELECT thread_id AS thread, key, value FROM thread_tags ORDER BY thread_id, key';
const tagsOf = (history: Pick<History, 'query'>) => history.query<{ key: string; value: string }>(TAGS);

describe('the tags of a past session', () => {
  it('are the branch, the commit and the repository in its header, without a password', async () => {
    const history = createHistory();
    history.write(FILE, session(git('main')));
    await history.import();
    expect(tagsOf(history)).toEqual([
      { thread: THREAD, key: 'branch', value: 'main' },
      { thread: THREAD, key: 'commit', value: COMMIT },
      { thread: THREAD, key: 'repo', value: 'acme/shop' },
    ]);
    expect(readFileSync(history.database).includes('hunter2')).toBe(false);
  });

  it('are as many as can be read, and a header with others is read all the same', async () => {
    const branches = ['a\u001bb', 'x'.repeat(300)].map((branch) => ({ branch }));
    for (const gitInfo of [null, 'main', {}, { branch: 7, repository_url: {} }, ...branches]) {
      const history = createHistory();
      history.write(FILE, session(gitInfo));
      expect(await history.import()).toMatchObject({ added: 1, unreadableLines: 0 });
      expect(tagsOf(history)).toEqual([]);
    }
  });

  it.each(['first', 'last'])('are those of the first of its files, when that is read %s', async (order) => {
    const history = createHistory();
    const later = `rollout-2026-03-05T05-06-07-${THREAD}_${PAGE}.jsonl`;
    const begin = () => history.write(FILE, session(git('main')));
    const goOn = () => {
      const path = history.write(later, session(git('other'), 'resp_2'));
      const lines = readFileSync(path, 'utf8').replaceAll('2026-03-04', '2026-03-05');
      history.write(later, lines);
    };
    for (const write of order === 'first' ? [begin, goOn] : [goOn, begin]) {
      write();
      await history.import();
    }
    expect(tagsOf(history).find(({ key }) => key === 'branch')?.value).toBe('main');
  });

  it('of Claude Code are the branch of its first line, and none where none is checked out', async () => {
    const home = createClaudeHome();
    const on = (id: string, gitBranch: string, sessionId = SESSION) => answer({ id, sessionId, line: { gitBranch } });
    home.append(`${SESSION}.jsonl`, on('msg_1', 'main') + on('msg_2', 'fix'));
    home.append(`${OTHER}.jsonl`, on('msg_3', 'HEAD', OTHER));
    await home.import();
    expect(tagsOf(home)).toEqual([{ thread: SESSION, key: 'branch', value: 'main' }]);
  });

  it('that was imported by an earlier version come with the next import, which changes no count', async () => {
    const history = createHistory();
    history.write(FILE, session(git('main')));
    await history.import();
    const before = history.query('SELECT * FROM buckets');
    const earlier = createEarlier(10, (connection) => {
      for (const step of STEPS) connection.exec(step);
      connection.prepare('ATTACH ? AS today').run(history.database);
      for (const table of ['threads', 'history_files', 'response_packs', 'buckets']) {
        const columns = connection.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table).join(', ');
        connection.exec(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM today.${table}`);
      }
      connection.exec('DETACH today');
    });
    openDatabase(history.database).close();
    for (const end of ['', '-wal', '-shm']) {
      try {
        renameSync(earlier + end, history.database + end);
      } catch {
        // There is none of these.
      }
    }
    expect(await history.import()).toMatchObject({ filesRead: 1, added: 0, duplicates: 1 });
    expect(tagsOf(history)).toHaveLength(3);
    expect(history.query('SELECT * FROM buckets')).toEqual(before);
    expect(history.query('SELECT count(*) AS responses FROM responses')).toEqual([{ responses: 1 }]);
    expect(await history.import()).toMatchObject({ filesRead: 0 });
  });
});
