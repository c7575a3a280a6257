import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitForTurn } from '../../src/history/changes.js';
import type { FoundFile } from '../../src/history/discovery.js';
import { takeLock } from '../../src/store/locks.js';
import { createFolder, createStore } from '../store/samples.js';

const FILES: FoundFile[] = ['a', 'b', 'c'].map((name) => {
  return { path: `/sessions/${name}.jsonl`, provider: 'codex', sizeBytes: 10, modifiedAtMs: 1 };
});
const namesOf = (tasks: readonly FoundFile[]) => tasks.map(({ path }) => path.at(-7));

/** A database of which another import holds the lock. `finish` records a file as read, as that import does. */
function createBusy() {
  const store = createStore(join(createFolder(), 'usage.db'));
  const lock = takeLock(store.path, 'import');
  const insert = store.connection.prepare<[string]>(`INSERT INTO history_files
    (path, provider, size_bytes, modified_at_ms, read_bytes, responses, unreadable_lines, imported_at_ms)
    VALUES ('/sessions/' || ? || '.jsonl', 'codex', 10, 1, 10, 0, 0, 0)`);
  return { database: store.path, lock, finish: (name: string) => void insert.run(name) };
}

describe('an import whose turn it is not yet', () => {
  it('waits while another reads, and then reads what that has left', async () => {
    const { database, lock, finish } = createBusy();
    const seen: (string | undefined)[][] = [];
    const onWait = (left: readonly FoundFile[]) => {
      seen.push(namesOf(left));
      if (seen.length === 1) finish('a');
      else if (left.length === 2) lock?.release();
    };
    const { tasks, release } = await waitForTurn({ files: FILES, database, onWait });
    expect([seen[0], namesOf(tasks)]).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
    expect(takeLock(database, 'import')).toBeUndefined();
    release();
  });

  it('reads nothing where another has read all, though that goes on with other files', async () => {
    const { database, finish } = createBusy();
    const onWait = () => ['a', 'b', 'c'].forEach(finish);
    expect(await waitForTurn({ files: FILES, database, onWait: once(onWait) })).toMatchObject({ tasks: [] });
  });

  it('reads all beside one that does not get on', async () => {
    const { database } = createBusy();
    const { tasks } = await waitForTurn({ files: FILES, database, stalledMs: 50 });
    expect(namesOf(tasks)).toEqual(['a', 'b', 'c']);
  });

  it('reads without a lock where none can be made', async () => {
    // The lock's name is longer than a file system allows, the database's is not.
    const database = join(createFolder(), 'x'.repeat(250));
    const { tasks } = await waitForTurn({ files: FILES, database });
    expect(namesOf(tasks)).toEqual(['a', 'b', 'c']);
  });
});

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
