import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { describe, expect } from 'vitest';
import { test } from '../harness/test.js';
import { type Ended, METERED, type RunOptions, type Workbench } from '../harness/workbench.js';

/** A Codex that says which one it is. */
function placeCodex(bench: Workbench, name: string, file = 'codex'): string {
  const folder = join(bench.folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), `#!/bin/sh\necho ${name}\n`, { mode: 0o755 });
  return folder;
}

/** Something that is called codex and is codex-metered. */
function placeMeter(bench: Workbench, name: string, place: (path: string) => void): string {
  const folder = join(bench.folder, name);
  mkdirSync(folder, { recursive: true });
  place(join(folder, 'codex'));
  return folder;
}

const WAYS_TO_BE_CODEX = {
  'a link to codex-metered': (path: string) => symlinkSync(METERED, path),
  'a link to a link to codex-metered': (path: string) => {
    symlinkSync(METERED, `${path}-2`);
    symlinkSync(`${path}-2`, path);
  },
  'a copy of its script': (path: string) => {
    copyFileSync(METERED, path);
    chmodSync(path, 0o755);
  },
  'a script that calls it and names no shell': (path: string) =>
    writeFileSync(path, 'exec codex-metered "$@"\n', { mode: 0o755 }),
  'a script that calls it': (path: string) =>
    writeFileSync(path, '#!/bin/sh\nexec codex-metered "$@"\n', { mode: 0o755 }),
} as const;

const ADVICE = /npm install -g @openai\/codex.*--meter-codex PATH.*CODEX_METERED_CODEX=PATH/;

/** Codex is looked for as for a user who has set nothing. */
const run = (bench: Workbench, path: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  bench.run(['features'], {
    ...options,
    env: { CODEX_METERED_CODEX: undefined, PATH: path.join(delimiter), ...options.env },
  });

const saidBy = async (running: Promise<Ended>): Promise<string> => {
  const { stdout, stderr, exitCode } = await running;
  return exitCode === 0 ? stdout.toString().trim() : `${exitCode}: ${stderr}`;
};

describe('the Codex that is run', () => {
  test('is the one of the option before that of the environment before the first on PATH', async ({ bench }) => {
    const path = [join(bench.folder, 'no-such-folder'), placeCodex(bench, 'first'), placeCodex(bench, 'second')];
    const env = { CODEX_METERED_CODEX: join(placeCodex(bench, 'third'), 'codex') };
    const fourth = join(placeCodex(bench, 'fourth'), 'codex');
    const meter = ['--meter-codex', fourth];
    expect(await saidBy(run(bench, path))).toBe('first');
    expect(await saidBy(run(bench, path, { env }))).toBe('third');
    expect(await saidBy(run(bench, path, { env, meter }))).toBe('fourth');
    expect(await saidBy(run(bench, path, { meter: [`--meter-codex=${fourth}`] }))).toBe('fourth');
  });

  test('may be named by a relative path, or by a name that is looked for on PATH', async ({ bench }) => {
    const folder = placeCodex(bench, 'other', 'codex-nightly');
    const path = join(folder, 'codex-nightly');
    expect(await saidBy(run(bench, [], { meter: ['--meter-codex', relative(bench.workTree, path)] }))).toBe('other');
    expect(await saidBy(run(bench, [folder], { env: { CODEX_METERED_CODEX: 'codex-nightly' } }))).toBe('other');
  });

  test('is not a folder, nor a file that cannot be run', async ({ bench }) => {
    mkdirSync(join(bench.folder, 'one', 'codex'), { recursive: true });
    const two = placeCodex(bench, 'two');
    chmodSync(join(two, 'codex'), 0o644);
    const path = [join(bench.folder, 'one'), two, placeCodex(bench, 'three')];
    expect(await saidBy(run(bench, path))).toBe('three');
  });

  test('may be in the folder where one works, which an empty entry of PATH means', async ({ bench }) => {
    const cwd = placeCodex(bench, 'here');
    expect(await saidBy(run(bench, ['', '/no-such-folder'], { cwd }))).toBe('here');
    expect(await saidBy(run(bench, ['/no-such-folder', '.'], { cwd }))).toBe('here');
    const [other, entry] = [bench.workTree, relative(bench.workTree, cwd)];
    expect(await saidBy(run(bench, [entry], { cwd: other }))).toBe('here');
  });

  test.for(Object.entries(WAYS_TO_BE_CODEX))(
    'is never %s, first on PATH or alone on it',
    async ([, place], { bench }) => {
      const ours = placeMeter(bench, 'ours', place);
      expect(await saidBy(run(bench, [ours, placeCodex(bench, 'real')]))).toBe('real');
      const ended = await run(bench, [ours]);
      expect(ended).toMatchObject({ exitCode: 127, stdout: Buffer.alloc(0) });
      expect(ended.stderr.toString()).toMatch(/^codex-metered: No Codex was found/);
      expect(ended.stderr.toString()).toMatch(ADVICE);
    },
  );

  test('is found when codex-metered itself is started as codex', async ({ bench }) => {
    const ours = placeMeter(bench, 'ours', WAYS_TO_BE_CODEX['a link to codex-metered']);
    const path = [ours, placeCodex(bench, 'real'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
    const started = await bench.run(['features'], {
      direct: true,
      codex: join(ours, 'codex'),
      env: { PATH: path, CODEX_METERED_CODEX: undefined },
    });
    expect(started.stdout.toString()).toBe('real\n');
  });
});

describe('where there is no Codex, the exit code is 127 and the text says so', () => {
  const WRONG: [string, (path: string) => void][] = [
    ['missing', () => undefined],
    ['a folder', (path: string) => mkdirSync(path)],
    ['not executable', (path: string) => writeFileSync(path, '#!/bin/sh\n')],
    ['codex-metered itself', (path: string) => symlinkSync(METERED, path)],
    ['a script for a shell that is missing', (path: string) => writeFileSync(path, '#!/no/such/sh\n', { mode: 0o755 })],
  ];

  test.for(WRONG)('where the one that was named is %s', async ([, place], { bench }) => {
    const path = join(bench.folder, 'named');
    place(path);
    const ended = await run(bench, [placeCodex(bench, 'other')], { meter: ['--meter-codex', path] });
    expect(ended).toMatchObject({ exitCode: 127, stdout: Buffer.alloc(0) });
    expect(ended.stderr.toString()).toMatch(/^codex-metered: .*Codex.*\n$/);
    expect(ended.stderr.toString()).not.toMatch(/^ +at /m);
    expect(existsSync(bench.database)).toBe(false);
  });
});

describe('a wrong --meter- option ends with exit code 2, says why, and starts nothing', () => {
  test.for([
    [['--meter-colour', 'red', 'exec', 'x'], 'There is no option --meter-colour'],
    [['--meter-', 'exec', 'x'], 'There is no option --meter-'],
    [['--meter-constructor', 'exec', 'x'], 'There is no option --meter-constructor'],
    [['--meter-phase'], '--meter-phase needs a value'],
    [['--meter-phase=', 'exec', 'x'], '--meter-phase needs a value'],
    [['--meter-run-id', '', 'exec', 'x'], '--meter-run-id needs a value'],
    [['--meter-quiet=yes', 'exec', 'x'], '--meter-quiet takes no value'],
    [['--meter-phase', 'lunch', 'exec', 'x'], '"lunch" is not a phase: use one of builder, reviewer'],
    [['--meter-phase', 'constructor', 'exec', 'x'], '"constructor" is not a phase'],
    [['--meter-iteration', 'three', 'exec', 'x'], '"three" is not an iteration'],
    [['--meter-iteration', '-1', 'exec', 'x'], '"-1" is not an iteration'],
    [['--meter-iteration', '1.5', 'exec', 'x'], '"1.5" is not an iteration'],
    [['--meter-output-pattern', '(?<run>', 'exec', 'x'], '"(?<run>" is not a regular expression'],
    [['exec', '--meter-phase', 'builder', 'x'], '--meter-phase must stand before Codex’s own arguments'],
    [['exec', '--json', 'x', '--meter-quiet'], '--meter-quiet must stand before Codex’s own arguments'],
    [['exec', '--meter-run-id=r1', 'x'], '--meter-run-id must stand before Codex’s own arguments'],
  ])('%j', async ([args, text], { bench }) => {
    const touched = join(bench.folder, 'touched');
    const folder = placeCodex(bench, 'real');
    writeFileSync(join(folder, 'codex'), `#!/bin/sh\n: > "${touched}"\n`);
    const ended = await bench.run(args as string[], { codex: join(folder, 'codex') });
    expect(ended).toMatchObject({ exitCode: 2, stdout: Buffer.alloc(0) });
    expect(ended.stderr.toString().replaceAll("'", '’')).toMatch(/^codex-metered: .*\n$/);
    expect(ended.stderr.toString().replaceAll("'", '’')).toContain(text as string);
    expect([existsSync(touched), existsSync(bench.database)]).toEqual([false, false]);
  });

  test.for([
    [{ CODEX_METERED_PHASE: 'lunch' }, '"lunch" is not a phase'],
    [{ CODEX_METERED_ITERATION: 'x' }, '"x" is not an iteration'],
    [{ CODEX_METERED_OUTPUT_PATTERN: '[' }, '"[" is not a regular expression'],
  ])('and so does a wrong variable: %j', async ([env, text], { bench }) => {
    const codex = join(placeCodex(bench, 'real'), 'codex');
    const ended = await bench.run(['exec', 'x'], { codex, env: { ...(env as object) } });
    expect(ended).toMatchObject({ exitCode: 2, stdout: Buffer.alloc(0) });
    expect(ended.stderr.toString()).toContain(text as string);
  });

  test('but a prompt after -- may say anything', async ({ bench }) => {
    const codex = join(placeCodex(bench, 'real'), 'codex');
    writeFileSync(codex, '#!/bin/sh\nprintf "%s|" "$@"\n');
    const ended = await bench.run(['exec', '--', '--meter-phase', '--meter-x'], { codex });
    expect(ended).toMatchObject({ exitCode: 0, stdout: Buffer.from('exec|--|--meter-phase|--meter-x|') });
  });
});

test('--meter-help and --meter-version answer without any Codex', async ({ bench }) => {
  for (const [option, answer] of [
    ['--meter-help', /^codex-metered runs the real Codex/],
    ['--meter-version', /^codex-metered \d+\.\d+\.\d+\n$/],
  ] as const) {
    const ended = await run(bench, [], { meter: [option] });
    expect(ended).toMatchObject({ exitCode: 0, stderr: Buffer.alloc(0) });
    expect(ended.stdout.toString()).toMatch(answer);
  }
});
