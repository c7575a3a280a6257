import { describe, expect, it } from 'vitest';
import { ReportError } from '../../src/report/error.js';
import { parseSelector, type Selection, selectScope, type Wish } from '../../src/report/selector.js';
import type { Store } from '../../src/store/store.js';
import { createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

const ELSEWHERE = { directory: '/somewhere/else', below: undefined, projectId: 'else' };
const IN_SHOP = { directory: '/home/ada/shop', below: '/home/ada/shop/', projectId: 'else' };

function createRuns(...runs: [runId: string, projectId?: string][]): Store {
  const store = createStore();
  for (const [index, [runId, projectId = 'shop']] of runs.entries()) {
    const cwd = `/home/ada/${projectId}`;
    const invocation = { attribution: { runId, projectId }, cwd, startedAtMs: START + index };
    store.record({ invocation: sampleInvocation(`${index}`, invocation), update: { threadId: `thread-${runId}` } });
  }
  return store;
}

function select({ connection }: Store, wish: Partial<Wish>): Selection {
  return selectScope(connection, { kind: 'run', id: undefined, projectId: undefined, place: ELSEWHERE, ...wish });
}

function failOf(store: Store, wish: Partial<Wish>): ReportError {
  try {
    select(store, wish);
  } catch (error) {
    if (error instanceof ReportError) return error;
    throw error;
  }
  throw new Error('It was found.');
}

const run = (runId: string, projectId = 'shop') => ({ kind: 'run', projectId, runId });

describe('without an id', () => {
  it.each([
    ['of the project that the reader stands in', { place: IN_SHOP }, run('here'), 'newest-here'],
    ['of all when the reader stands in none', {}, run('newer', 'bank'), 'newest'],
    ['of the project that was named', { projectId: 'bank', place: IN_SHOP }, run('newer', 'bank'), 'newest-of-project'],
  ])('the newest run %s is meant', (_what, wish, scope, reason) => {
    expect(select(createRuns(['old'], ['here'], ['newer', 'bank']), wish)).toEqual({ scope, reason });
  });

  it('the newest session is found likewise', () => {
    const store = createRuns(['old'], ['newer', 'bank']);
    const scope = { kind: 'session', threadId: 'thread-newer' };
    expect(select(store, { kind: 'session' })).toEqual({ scope, reason: 'newest' });
  });

  it('nothing is found in an empty database', () => {
    expect(failOf(createStore(), {}).kind).toBe('nothing-metered');
  });
});

describe('with an id', () => {
  it.each([
    ['a run is found by the beginning of its id', 'night', 'nightly-7'],
    ['a whole id is found, though other ids begin with it', 'r1', 'r1'],
  ])('%s', (_what, id, found) => {
    expect(select(createRuns(['nightly-7'], ['r1'], ['r10'], ['r11']), { id }).scope).toEqual(run(found));
  });

  it('that several ids begin with, they are the candidates, newest first', () => {
    const { kind, candidates } = failOf(createRuns(['r10'], ['other'], ['r11']), { id: 'r1' });
    expect([kind, candidates.map(({ id }) => id)]).toEqual(['ambiguous', ['r11', 'r10']]);
  });

  it('that is in several projects, the one the reader stands in is meant', () => {
    const store = createRuns(['r1'], ['r1', 'bank']);
    expect(select(store, { id: 'r1', place: IN_SHOP }).scope).toEqual(run('r1'));
    expect(select(store, { id: 'r1', projectId: 'bank' }).scope).toEqual(run('r1', 'bank'));
    expect(failOf(store, { id: 'r1' }).message).toContain('--project');
  });

  it('that nothing has, the newest are the candidates', () => {
    const runs = Array.from({ length: 8 }, (_, index): [string] => [`r${index}`]);
    const { kind, message, candidates } = failOf(createRuns(...runs), { id: 'x' });
    expect([kind, message]).toEqual(['unknown', 'There is no run x.']);
    expect(candidates.map(({ id }) => id)).toEqual(['r7', 'r6', 'r5', 'r4', 'r3']);
  });

  it('of a child thread, its session is found and the reason says so', () => {
    const store = createStore();
    const responses = [sampleResponse('1', { threadId: 'child-1' })];
    store.record({ invocation: sampleInvocation('a'), update: { threadId: 'thread-1' }, responses });
    const scope = { kind: 'session', threadId: 'thread-1' };
    expect(select(store, { kind: 'session', id: 'child' })).toEqual({ scope, reason: 'child-thread' });
  });
});

const REVIEWER_3 = { phase: 'reviewer', iteration: 3, model: undefined };

describe('a selector', () => {
  it.each([
    ['r42', undefined],
    ['r42/reviewer', { runId: 'r42', phase: 'reviewer', iteration: undefined }],
    ['r42/review', { runId: 'r42', phase: 'reviewer', iteration: undefined }],
    ['r42/reviewer/3', { runId: 'r42', phase: 'reviewer', iteration: 3 }],
    ['r42//3', { runId: 'r42', phase: undefined, iteration: 3 }],
    ['nightly/42/builder/1', { runId: 'nightly/42', phase: 'builder', iteration: 1 }],
  ])('%s is split into the run and its part', (text, parts) => {
    expect(parseSelector(text)).toEqual(parts);
  });

  it.each<[string, Partial<Wish>, string, Selection['part']]>([
    ['finds the run by the beginning of its id, and the part of it', { id: 'r1/reviewer/3' }, 'r1', REVIEWER_3],
    ['is the id of a run first, which may have slashes itself', { id: 'r1/builder' }, 'r1/builder', undefined],
    ['goes with options, which have the last word', { id: 'r1/chat/3', phase: 'review' }, 'r1', REVIEWER_3],
  ])('%s', (_what, wish, runId, part) => {
    const selection = select(createRuns(['r1x'], ['r1'], ['r1/builder']), wish);
    expect([selection.scope, selection.part]).toEqual([run(runId), part]);
  });

  it('of no run says which runs there are', () => {
    const { message, candidates } = failOf(createRuns(['r1']), { id: 'x/builder' });
    expect([message, candidates.map(({ id }) => id)]).toEqual(['There is no run x/builder.', ['r1']]);
  });
});

describe('a project that nothing was metered for', () => {
  it('is an error that names the projects there are', () => {
    const { kind, message } = failOf(createRuns(['r1'], ['r2', 'bank']), { projectId: 'shpo' });
    expect(kind).toBe('unknown');
    expect(message).toBe('Nothing has been metered for project shpo. Known projects: bank, shop.');
  });
});
