import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { undoMirror } from '../../src/store/mirror-undo.js';
import { createMirrors } from './mirrors.js';
import { START, sampleInvocation, sampleResponse } from './samples.js';

const KILLED = fileURLToPath(new URL('mirror-killed.ts', import.meta.url));
const END = START + 5000;
const TIMEOUT = { timeout: 60_000 };

function setUp() {
  const mirrors = createMirrors({ projects: ['shop'], runs: ['nightly-7'] });
  const { center, store, mirrorDirectory } = mirrors;
  center.estimate({ id: 'guess', created_at: new Date(END + 40).toISOString() });
  const update = { status: 'completed', endedAtMs: END } as const;
  store.record({ invocation: sampleInvocation('a'), update, responses: [sampleResponse('1')] });
  const mirror = mirrors.open();
  mirror.watch(store);
  mirror.expect('a');
  const kill = async (what: 'mirror' | 'undo', until: string) => {
    const args = ['--import', 'tsx', KILLED, store.path, center.path, mirrorDirectory, what, until];
    const { signal } = await execa('node', args, { reject: false });
    expect(signal).toBe('SIGKILL');
  };
  const state = () => store.connection.prepare('SELECT estimate_id, state FROM mirrored').raw().all();
  return { ...mirrors, mirror, before: center.rows(), kill, state };
}

test('a SIGKILL between the two databases loses no estimate, and the next command goes on', TIMEOUT, async () => {
  const { center, store, mirror, before, kill, state, ids } = setUp();
  await kill('mirror', 'UPDATE cost_records SET id');
  expect(center.rows()).toEqual(before);
  expect(state()).toEqual([['guess', 'written']]);
  mirror.catchUp();
  expect(ids()).toEqual(['a/gpt-5.3-codex/actual']);
  undoMirror(store, center.path);
  expect(center.rows()).toEqual(before);
});

test('a SIGKILL while it is undone leaves nothing that a second time does not undo', TIMEOUT, async () => {
  const { center, store, mirror, before, kill, state, ids } = setUp();
  mirror.catchUp();
  await kill('undo', 'DELETE FROM cost_records');
  expect(ids()).toEqual(['a/gpt-5.3-codex/actual']);
  expect(state()).toEqual([['guess', 'undone']]);
  undoMirror(store, center.path);
  expect(center.rows()).toEqual(before);
});
