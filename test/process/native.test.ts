import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { resolveProgram } from '../../src/process/native.js';
import { createFolder } from '../store/samples.js';

const LAUNCHER = fileURLToPath(new URL('../../node_modules/@openai/codex/bin/codex.js', import.meta.url));
const PLATFORM_PACKAGE = `codex-${process.platform}-${process.arch}`;
const TRIPLE = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-${process.platform === 'darwin' ? 'apple-darwin' : 'unknown-linux-musl'}`;

/** A native Codex that prints its environment, in the platform's package. */
function placeNative(scope: string): string {
  const folder = join(scope, PLATFORM_PACKAGE);
  const native = join(folder, 'vendor', TRIPLE, 'bin', 'codex');
  mkdirSync(dirname(native), { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: `@openai/${PLATFORM_PACKAGE}`, version: '0.0.0' }),
  );
  writeFileSync(native, `#!${process.execPath}\nconsole.log(JSON.stringify(process.env));\n`, { mode: 0o755 });
  return native;
}

/** The real launcher in a package of its own below `modules`, changed by `edit`. Returns what a shell would find. */
function placeLauncher(modules: string, edit = (source: string) => source): string {
  const packageRoot = join(modules, '@openai', 'codex');
  mkdirSync(join(packageRoot, 'bin'), { recursive: true });
  cpSync(join(LAUNCHER, '..', '..', 'package.json'), join(packageRoot, 'package.json'));
  const launcher = join(packageRoot, 'bin', 'codex.js');
  writeFileSync(launcher, edit(readFileSync(LAUNCHER, 'utf8')), { mode: 0o755 });
  mkdirSync(join(modules, '.bin'), { recursive: true });
  const link = join(modules, '.bin', 'codex');
  symlinkSync(join('..', '@openai', 'codex', 'bin', 'codex.js'), link);
  return link;
}

/** Launcher and native Codex side by side, as npm puts them. */
function placeBoth(modules: string, edit?: (source: string) => string): { codex: string; native: string } {
  return { codex: placeLauncher(modules, edit), native: placeNative(join(modules, '@openai')) };
}

/** The environment that the launcher gives Codex. */
function launchedWith(codex: string, env: NodeJS.ProcessEnv): unknown {
  return JSON.parse(execFileSync(process.execPath, [codex], { env, encoding: 'utf8' }));
}

/** The environment that we give Codex. */
function startedWith(codex: string, env: NodeJS.ProcessEnv): unknown {
  const program = resolveProgram(codex, env);
  return JSON.parse(execFileSync(program.path, { env: { ...env, ...program.env }, encoding: 'utf8' }));
}

const ENV = { PATH: process.env.PATH, HOME: '/home/ada', EMPTY: '', CODEX_HOME: '/home/ada/.codex' };

describe('Codex as npm installs it', () => {
  test.for([
    ['beside', ['@openai']],
    ['within', ['@openai', 'codex', 'node_modules', '@openai']],
  ])('is started without its launcher, the platform’s package %s it', ([, scope = []]) => {
    const modules = join(createFolder(), 'lib', 'node_modules');
    const codex = placeLauncher(modules);
    const native = placeNative(join(modules, ...scope));
    expect(resolveProgram(codex, ENV)).toMatchObject({ kind: 'native', path: native });
  });

  test.for([
    ['nothing special', {}],
    [
      'npm',
      { npm_config_user_agent: 'npm/11.0.0 node/v24.0.0 linux x64', npm_execpath: '/usr/lib/npm/bin/npm-cli.js' },
    ],
    [
      'variables of another launcher',
      { CODEX_MANAGED_BY_BUN: '1', CODEX_MANAGED_BY_PNPM: '1', CODEX_MANAGED_PACKAGE_ROOT: '/x' },
    ],
    ['Bun', { npm_config_user_agent: 'bun/1.3.0 npm/? node/v24.0.0' }],
    ['Bun by its path', { npm_execpath: '/opt/bun/bin/bun' }],
  ] as const)('gets the environment that its launcher gives it: %s', ([, more]) => {
    const { codex } = placeBoth(join(createFolder(), 'lib', 'node_modules'));
    const env = { ...ENV, ...more };
    expect(startedWith(codex, env)).toEqual(launchedWith(codex, env));
  });
});

describe('Codex is started as it was found', () => {
  const expectAsFound = (codex: string, env: NodeJS.ProcessEnv = ENV) =>
    expect(resolveProgram(codex, env)).toEqual({ kind: 'as found', path: codex, env: {} });

  test('where it is no launcher, or is not there', () => {
    const native = placeNative(createFolder());
    expectAsFound(native);
    expectAsFound(join(dirname(native), 'none'));
  });

  test('where the platform’s package is missing', () => {
    expectAsFound(placeLauncher(join(createFolder(), 'node_modules')));
  });

  test.for([
    [
      'changes PATH, as older ones did',
      (source: string) => `${source}\nenv.PATH = [...additionalDirs, process.env.PATH].join(pathSep);`,
    ],
    ['sets a variable that we do not know', (source: string) => `${source}\nenv.CODEX_SHINY_NEW = "1";`],
    ['says nothing of the package', () => 'console.log("old")'],
  ] as const)('where its launcher %s', ([, edit]) => {
    expectAsFound(placeBoth(join(createFolder(), 'node_modules'), edit).codex);
  });

  test('where pnpm installed it', () => {
    const project = createFolder();
    const store = join(project, 'node_modules', '.pnpm', '@openai+codex@0.169.0', 'node_modules');
    const { codex } = placeBoth(store);
    writeFileSync(join(project, 'node_modules', '.modules.yaml'), '');
    expectAsFound(codex);
  });

  test('where pnpm links it from a store elsewhere', () => {
    const folder = createFolder();
    placeBoth(join(folder, 'store', 'node_modules'));
    const modules = join(folder, 'project', 'node_modules');
    mkdirSync(join(modules, '@openai'), { recursive: true });
    writeFileSync(join(modules, '.modules.yaml'), '');
    symlinkSync(join(folder, 'store', 'node_modules', '@openai', 'codex'), join(modules, '@openai', 'codex'));
    const codex = join(modules, '@openai', 'codex', 'bin', 'codex.js');
    expectAsFound(codex);
    expect(launchedWith(codex, ENV)).toMatchObject({ CODEX_MANAGED_BY_PNPM: '1' });
  });

  test('where Bun or Vite+ installed it', () => {
    expectAsFound(placeBoth(join(createFolder(), '.bun', 'install', 'global', 'node_modules')).codex);
    const packages = join(createFolder(), 'packages');
    const { codex } = placeBoth(join(packages, '@openai', 'codex', 'lib', 'node_modules'));
    writeFileSync(join(packages, '@openai', 'codex.json'), '{"name":"@openai/codex"}');
    expectAsFound(codex);
  });
});
