import { describe, expect, test } from 'vitest';
import { StoreError } from '../../src/errors.js';
import { Recorder } from '../../src/meter/recorder.js';
import type { Change, Store } from '../../src/store/store.js';
import type { Invocation, Note } from '../../src/usage/record.js';
import { waitFor } from '../harness/wait.js';

const INVOCATION: Invocation = {
  id: 'one',
  attribution: {
    projectId: 'shop',
    runId: 'r1',
    phase: 'other',
    iteration: undefined,
    origins: { project: 'git', run: 'default', phase: 'default', iteration: 'default' },
  },
  command: 'exec',
  cwd: '/shop',
  codexHome: '/home/.codex',
  codexPath: '/bin/codex',
  meterPid: 1,
  codexPid: 2,
  startedAtMs: 0,
};

describe('a recorder', () => {
  test('writes what is added while a write is under way, without being asked again', async () => {
    const { recorder, written } = setUp();
    recorder.add({ update: { threadId: 't1' } });
    // A write is under way from the first turn of the event loop on; these come into the middle of it.
    await Promise.resolve();
    recorder.add({ notes: [note('first')] });
    await Promise.resolve();
    await Promise.resolve();
    recorder.add({ notes: [note('second')] });
    await waitFor('both notes', () => reasons(written).includes('first') && reasons(written).includes('second'));
    expect(reasons(written)).toEqual(['first', 'second']);
  });

  test('tries a locked database again until it takes everything, once', async () => {
    let refusals = 3;
    const { recorder, written, kept } = setUp(() => {
      if (refusals-- > 0) throw new StoreError('locked', 'locked');
    });
    recorder.add({ notes: [note('early')] });
    recorder.add({ notes: [note('late')] });
    await waitFor('the notes', () => reasons(written).length === 2);
    await recorder.finish();
    expect(reasons(written)).toEqual(['early', 'late']);
    expect(kept).toEqual([]);
  });

  test('keeps everything aside when the database stays locked to the end', async () => {
    const { recorder, written, kept } = setUp(() => {
      throw new StoreError('locked', 'locked');
    });
    recorder.add({ update: { threadId: 't1' }, notes: [note('kept')] });
    await recorder.finish();
    expect(written).toEqual([]);
    expect(kept).toMatchObject([{ invocation: { id: 'one' }, update: { threadId: 't1' } }]);
    expect(reasons(kept)).toEqual(['kept']);
  });

  test('keeps aside everything when a database breaks in the middle: it may not give back what it took', async () => {
    let broken = false;
    const { recorder, written, kept } = setUp(() => {
      if (broken) throw new StoreError('full', 'full');
    });
    recorder.add({ notes: [note('written')] });
    await waitFor('the first note', () => reasons(written).length === 1);
    broken = true;
    recorder.add({ notes: [note('kept')] });
    await recorder.finish();
    expect(reasons(kept)).toEqual(['written', 'kept']);
  });

  test('keeps aside everything when the database does not give back what it took', async () => {
    const { recorder, kept } = setUp(undefined, undefined, () => {
      throw new StoreError('corrupt', 'corrupt');
    });
    recorder.add({ notes: [note('written')] });
    await recorder.finish();
    expect(reasons(kept)).toEqual(['written']);
  });

  test('records everything anew, under its number, in a database that took the place of the first', async () => {
    let inPlace = true;
    const { recorder, written } = setUp(undefined, () => inPlace);
    recorder.add({ notes: [note('first')] });
    await waitFor('the first note', () => written.length === 1);
    inPlace = false;
    recorder.add({ notes: [note('second')] });
    await recorder.finish();
    expect(written.map(({ notes }) => notes?.length)).toEqual([1, 2]);
    expect(written.at(-1)?.invocation).toMatchObject({ attribution: { iteration: 7 } });
  });
});

function setUp(
  beforeWrite: () => void = () => undefined,
  isInPlace = () => true,
  confirm: () => void = () => undefined,
) {
  const written: Change[] = [];
  const kept: Change[] = [];
  const store = {
    record(change: Change) {
      beforeWrite();
      written.push(change);
      return 7;
    },
    isInPlace,
    confirm,
  } as unknown as Store;
  const recorder = new Recorder({
    invocation: INVOCATION,
    open: async () => store,
    keepPending: (change) => void kept.push(change),
    log: { warn: () => undefined },
  });
  return { recorder, written, kept };
}

function note(reason: string): Note {
  return { kind: 'fault', reason, figures: {} };
}

function reasons(changes: readonly Change[]): string[] {
  return changes.flatMap(({ notes = [] }) => notes.map(({ reason }) => reason));
}
