import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { attribute, type CallFacts, type GivenAttribution } from '../../src/meter/attribution.js';
import { createFolder } from '../store/samples.js';

const SAID_NOTHING: GivenAttribution = {
  project: undefined,
  run: undefined,
  phase: undefined,
  iteration: undefined,
  outputPatterns: [],
  timeZone: undefined,
};
/** Noon by local time. */
const AT = new Date(2026, 2, 4, 12).getTime();
/** The run of what has no run id. */
const DAY = '2026-03-04';

function attributeTo(shown: Partial<CallFacts>, said: Partial<GivenAttribution> = {}) {
  return attribute(
    { ...SAID_NOTHING, ...said },
    { cwd: '/srv/shop', command: 'exec', cd: undefined, outputLastMessage: undefined, startedAtMs: AT, ...shown },
  );
}

const option = (value: string) => ({ value, origin: 'option' as const });
const environment = (value: string) => ({ value, origin: 'environment' as const });

describe('what the user says', () => {
  test('wins over all that is shown', () => {
    const shown = { outputLastMessage: 'r9/builder/iter-7/result.json', command: 'exec review' };
    const said = { project: option('p'), run: environment('r'), phase: option('chat'), iteration: environment('2') };
    expect(attributeTo(shown, said)).toEqual({
      ...{ projectId: 'p', runId: 'r', phase: 'chat', iteration: 2 },
      origins: { project: 'option', run: 'environment', phase: 'option', iteration: 'environment' },
    });
  });

  test('may be said in part', () => {
    const shown = { outputLastMessage: 'r9/builder/iter-7/result.json' };
    expect(attributeTo(shown, { phase: option('reviewer') })).toMatchObject({
      runId: 'r9',
      phase: 'reviewer',
      iteration: 7,
    });
  });

  test('may call a phase by a shorter name', () => {
    expect(attributeTo({}, { phase: option('build') }).phase).toBe('builder');
    expect(attributeTo({}, { phase: option('review') }).phase).toBe('reviewer');
  });

  test.for<[Partial<GivenAttribution>, string]>([
    [{ phase: option('lunch') }, 'is not a phase'],
    [{ phase: environment('constructor') }, 'is not a phase'],
    [{ iteration: option('last') }, 'is not an iteration'],
    [{ iteration: environment('1234567890') }, 'is not an iteration'],
    [{ outputPatterns: [{ pattern: '(' }] }, 'is not a regular expression'],
  ])('must make sense: %j', ([said, text]) => {
    expect(() => attributeTo({}, said)).toThrow(UsageError);
    expect(() => attributeTo({}, said)).toThrow(text);
  });
});

describe('the path of the last message', () => {
  test.for<[string, object]>([
    ['r1/builder/iter-3/result.json', { runId: 'r1', phase: 'builder', iteration: 3 }],
    ['/srv/runs/r1/reviewer/iter_12/out.txt', { runId: 'r1', phase: 'reviewer', iteration: 12 }],
    ['r1/build/iteration-4/x', { runId: 'r1', phase: 'builder', iteration: 4 }],
    ['r1/review/iter5/x', { runId: 'r1', phase: 'reviewer', iteration: 5 }],
    ['r1/handoff/0/x', { runId: 'r1', phase: 'handoff', iteration: 0 }],
    ['../r1/chat/007/x', { runId: 'r1', phase: 'chat', iteration: 7 }],
    ['builder/iter-3/result.json', { runId: 'shop', phase: 'builder', iteration: 3 }],
  ])('%s tells run, phase and iteration', ([outputLastMessage, expected]) => {
    expect(attributeTo({ outputLastMessage })).toMatchObject({
      ...expected,
      origins: { run: 'output path', phase: 'output path', iteration: 'output path' },
    });
  });

  test.for([
    'result.json',
    'r1/builder/result.json',
    'r1/builder/iter-x/result.json',
    'r1/lunch/iter-3/result.json',
    'r1/builder/iter-3/deeper/result.json',
    'r1/builder/iter-3/',
  ])('%s tells nothing', (outputLastMessage) => {
    expect(attributeTo({ outputLastMessage })).toMatchObject({
      ...{ runId: '2026-03-04', phase: 'other', iteration: undefined },
      origins: { run: 'default', phase: 'default', iteration: 'default' },
    });
  });

  test('does not take a time for an iteration, and does not keep Codex from running', () => {
    expect(attributeTo({ outputLastMessage: 'r1/builder/20260304120000/result.json' })).toMatchObject({
      ...{ runId: 'r1', phase: 'builder', iteration: undefined },
      origins: { iteration: 'default' },
    });
  });

  test('may be read by a pattern of the user’s, with any of its groups', () => {
    const outputLastMessage = '/srv/loop-7/step-2-review.json';
    const whole = { outputPatterns: [{ pattern: '/(?<run>[^/]+)/step-(?<iteration>\\d+)-(?<phase>\\w+)\\.json$' }] };
    expect(attributeTo({ outputLastMessage }, whole)).toMatchObject({
      runId: 'loop-7',
      phase: 'reviewer',
      iteration: 2,
    });
    const some = { outputPatterns: [{ pattern: 'step-(?<iteration>\\d+)' }] };
    expect(attributeTo({ outputLastMessage }, some)).toMatchObject({
      runId: '2026-03-04',
      phase: 'other',
      iteration: 2,
    });
    expect(attributeTo({ outputLastMessage }, { outputPatterns: [{ pattern: 'step' }] })).toMatchObject({
      iteration: undefined,
    });
  });

  test.for<[string, { runId: string; phase: string; iteration?: number }]>([
    ['.system/runs/r1/builder/iter-3/result.json', { runId: 'r1', phase: 'builder', iteration: 3 }],
    ['.system/runs/r1/reviewer/iter-3/verdict.json', { runId: 'r1', phase: 'reviewer', iteration: 3 }],
    ['.system/runs/r1/merge/result.json', { runId: 'r1', phase: 'builder' }],
    ['.system/runs/r1/merge/reviewer/verdict.json', { runId: 'r1', phase: 'reviewer' }],
    ['.system/chat/runs/4b1f/result.json', { runId: DAY, phase: 'chat' }],
    ['.system/chat/suggestions/4b1f/suggestion.json', { runId: DAY, phase: 'chat' }],
    ['.system/chat/summaries/17/summary.json', { runId: DAY, phase: 'chat' }],
    ['.system/utility/handoff-4b1f.output.txt', { runId: DAY, phase: 'handoff' }],
    ['.system/utility/wo-generation-4b1f.output.txt', { runId: DAY, phase: 'other' }],
    ['.system/utility/narration-handoff-4b1f.output.txt', { runId: DAY, phase: 'other' }],
  ])('%s, as the control center has it, tells the phase, and the run where it is one', ([path, expected]) => {
    const known = { run: expected.runId === DAY ? 'default' : 'output path', phase: 'output path' };
    for (const outputLastMessage of [path, `/srv/work/${path}`, path.replaceAll('/', '\\')]) {
      expect(attributeTo({ outputLastMessage })).toMatchObject({ ...expected, origins: known });
    }
  });

  test.for([
    'system/chat/runs/4b1f/result.json',
    '.system/chat-worktrees/thread-1/result.json',
    '.system/utility-2/handoff-1.txt',
    '.system/runs/r1/result.json',
  ])('%s, which only looks similar, tells no phase', (outputLastMessage) => {
    expect(attributeTo({ outputLastMessage })).toMatchObject({ phase: 'other', origins: { phase: 'default' } });
  });

  test('is read by the user’s patterns of phases before the built-in ones', () => {
    const said = { outputPatterns: [{ pattern: '/utility/wo-generation-', phase: 'handoff' as const }] };
    const phaseOf = (name: string) => attributeTo({ outputLastMessage: `.system/utility/${name}` }, said).phase;
    expect([phaseOf('wo-generation-1.txt'), phaseOf('handoff-1.txt'), phaseOf('narration-1.txt')]).toEqual([
      'handoff',
      'handoff',
      'other',
    ]);
  });

  test('is read by the control center’s patterns behind a pattern of the user’s that stands for that of rounds', () => {
    const said = { outputPatterns: [{ pattern: '/(?<run>[^/]+)/work/' }] };
    const attributed = (outputLastMessage: string) => attributeTo({ outputLastMessage }, said);
    expect(attributed('/srv/r1/work/result.json')).toMatchObject({ runId: 'r1', phase: 'other' });
    expect(attributed('.system/chat/runs/4b1f/result.json').phase).toBe('chat');
    expect(attributed('r1/builder/iter-3/result.json').phase).toBe('other');
  });

  test('whose pattern finds what is no phase and no iteration does not keep Codex from running', () => {
    const said = { outputPatterns: [{ pattern: '/(?<phase>[^/]+)/(?<iteration>[^/]+)$' }] };
    expect(attributeTo({ outputLastMessage: '/a/constructor/final.txt' }, said)).toMatchObject({
      ...{ phase: 'other', iteration: undefined },
      origins: { phase: 'default', iteration: 'default' },
    });
  });
});

describe('without a word', () => {
  test('the run is the day by local time', () => {
    expect(attributeTo({ startedAtMs: new Date(2026, 11, 31, 23, 59).getTime() }).runId).toBe('2026-12-31');
    expect(attributeTo({ startedAtMs: new Date(2027, 0, 1, 0, 1).getTime() }).runId).toBe('2027-01-01');
  });

  test.for(['exec review', 'review'])('the phase of codex %s is reviewer', (command) => {
    expect(attributeTo({ command })).toMatchObject({ phase: 'reviewer', origins: { phase: 'command' } });
  });
});

describe('the project', () => {
  const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, stdio: 'ignore' });
  const commit = ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--allow-empty', '-m', 'x'];

  function createRepository(): string {
    const repository = join(createFolder(), 'shop');
    mkdirSync(join(repository, 'src', 'deep'), { recursive: true });
    git(repository, 'init');
    git(repository, ...commit);
    return repository;
  }

  test('is the git work tree, from any folder in it', () => {
    const repository = createRepository();
    for (const cwd of [
      repository,
      join(repository, 'src'),
      join(repository, 'src', 'deep'),
      join(repository, 'none'),
    ]) {
      expect(attributeTo({ cwd })).toMatchObject({ projectId: 'shop', origins: { project: 'git' } });
    }
  });

  test('is that of the repository in a linked work tree', () => {
    const repository = createRepository();
    const linked = join(createFolder(), 'fix-42');
    git(repository, 'worktree', 'add', linked);
    expect(attributeTo({ cwd: linked })).toMatchObject({ projectId: 'shop', origins: { project: 'git' } });
  });

  test('is where --cd leads, relative to where one is', () => {
    const repository = createRepository();
    expect(attributeTo({ cwd: '/', cd: repository }).projectId).toBe('shop');
    expect(attributeTo({ cwd: join(repository, '..'), cd: 'shop/src' }).projectId).toBe('shop');
  });

  test('is the folder where there is no git', () => {
    const folder = join(createFolder(), 'notes');
    mkdirSync(folder);
    expect(attributeTo({ cwd: folder })).toMatchObject({ projectId: 'notes', origins: { project: 'directory' } });
    expect(attributeTo({ cwd: '/' }).projectId).toBe('/');
  });
});
