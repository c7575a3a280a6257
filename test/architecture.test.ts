import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Rooms of src/ from top to bottom: a room imports from the levels below its own. */
const LEVELS = [
  ['cli', 'library'],
  ['meter', 'history', 'report', 'web', 'fleet', 'metrics', 'mcp'],
  ['agents'],
  ['process', 'io', 'formats', 'estimate', 'store'],
  ['pricing', 'files'],
  ['usage', 'node'],
];
/** Arrows within a level. */
const NEIGHBOURS = ['web -> report', 'web -> metrics', 'fleet -> metrics', 'metrics -> report'];
/** Files of src/ itself. Only the top makes them and hands them in; others know their types, and may throw the errors. */
const HANDED_IN = ['config', 'log', 'errors'];
const TOP = LEVELS[0] ?? [];

/** Packages that one place alone may import, so that it can be replaced there. */
const HOMES: Record<string, string[]> = {
  // See docs/decisions/0005-codex-is-started-without-execa.md.
  execa: [],
  'better-sqlite3': ['store'],
  tiktoken: ['estimate'],
  zod: ['agents', 'formats', 'config', 'mcp'],
  'toml-eslint-parser': ['config'],
  leven: ['config'],
  '@modelcontextprotocol/sdk': ['mcp'],
  hono: ['web'],
  preact: ['web'],
  echarts: ['web'],
  pg: ['fleet'],
  '@opentelemetry/api': ['metrics'],
  '@opentelemetry/exporter-metrics-otlp-proto': ['metrics'],
};
/** What the build makes, for who alone imports it. */
const MADE = { '../build/rollout-scan': 'agents/codex/rollout-scanner' } as const;
/** Too slow to start before Codex does; the last two open the standard streams, which replaceStandardStreams must have replaced by then. */
const LATE = ['better-sqlite3', 'tiktoken', 'zod', 'toml-eslint-parser', 'env-paths', 'node:process'];
/** What the page in the browser may import from outside of its folder. */
const SHARED_WITH_PAGE = ['usage/budget', 'usage/cache-miss', 'usage/counters', 'usage/csv', 'usage/figure-name'];
const MAX_LINES = 220;

/** Modules are paths within src/ without extension, or `npm:` and a package. */
interface Import {
  from: string;
  to: string;
  kind: 'value' | 'type' | 'dynamic';
}

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const sources = readSources();
const imports = Object.entries(sources).flatMap(([file, text]) => parseImports(file, text));

describe('the architecture', () => {
  it('gives every source file a room of the design', () => {
    expect(Object.keys(sources).filter((file) => !isKnown(roomOf(file)))).toEqual([]);
  });

  it('lets rooms import downward only', () => {
    expect(imports.filter(isWrongArrow).map(describeImport)).toEqual([]);
  });

  it.each(Object.entries(HOMES))('keeps %s in %s', (name, homes) => {
    const strays = imports.filter(({ from, to }) => packageOf(to) === name && !homes.includes(roomOf(from)));
    expect(strays.map(describeImport)).toEqual([]);
  });

  it('keeps the page to itself: it reaches the server by its API alone, and shares a few modules of usage with it', () => {
    const isPage = (module: string) => module.startsWith('web/page/');
    const strays = imports.filter(
      ({ from, to }) =>
        isPage(from) !== isPage(to) && (isPage(from) ? !isPackage(to) && !SHARED_WITH_PAGE.includes(to) : isPage(to)),
    );
    expect(strays.map(describeImport)).toEqual([]);
  });

  it("loads the fleet's room, and with it the client of PostgreSQL, in its own commands alone", () => {
    const isLazy = ({ from, kind }: Import) =>
      kind === 'dynamic' && /^cli\/(commands\/(push|pull|fleet(-\w+)?)|fleet-budget)$/.test(from);
    const strays = imports.filter((one) => {
      return roomOf(one.to) === 'fleet' && roomOf(one.from) !== 'fleet' && one.kind !== 'type' && !isLazy(one);
    });
    expect(strays.map(describeImport)).toEqual([]);
  });

  it('ends the process in cli only', () => {
    const enders = Object.keys(sources).filter((file) => roomOf(file) !== 'cli' && endsProcess(file));
    expect(enders).toEqual([]);
  });

  it.each(LATE)('starts Codex before it loads %s', (name) => {
    expect(loadedAtStart('cli/wrapper').filter((loaded) => packageOf(loaded) === name)).toEqual([]);
  });

  it.each(['cli/wrapper', 'cli/meter', 'cli/usage-all', 'history/worker', 'library/index'])(
    'has %s load OpenTelemetry for codex-usage metrics --otlp, and for a push to an OTLP endpoint, alone',
    (entry) => {
      const ofOtlp = (module: string) => module.startsWith('npm:@opentelemetry/');
      const users = ['cli/commands/metrics', 'fleet/otlp'];
      expect(loadedWithout(entry, users, 'metrics/otlp').filter(ofOtlp)).toEqual([]);
      expect(loadedWithout('metrics/otlp', users, 'metrics/otlp').filter(ofOtlp)).not.toEqual([]);
    },
  );

  it('imports zod as a namespace, because `import { z }` bundles all its languages', () => {
    const named = Object.entries(sources).filter(([, text]) => /import (z\b|\{[^}]*\bz\b)[^;]* from 'zod'/.test(text));
    expect(named.map(([file]) => file)).toEqual([]);
  });

  it(`keeps source files within ${MAX_LINES} lines`, () => {
    const long = Object.entries(sources).filter(([, text]) => text.split('\n').length > MAX_LINES + 1);
    expect(long.map(([file]) => file)).toEqual([]);
  });
});

describe('the check of the architecture', () => {
  it.each([
    ['store/open.ts', "import { ledger } from '../meter/ledger.js'", 'store/open -> meter/ledger (value)'],
    ['usage/usage.ts', "export * from '../pricing/cost.js'", 'usage/usage -> pricing/cost (value)'],
    ['io/tail.ts', "const { parse } = await import('../formats/line.js')", 'io/tail -> formats/line (dynamic)'],
    ['io/tail.ts', "type Line = import('../formats/line.js').Line", 'io/tail -> formats/line (type)'],
    ['report/table.ts', "import type { Server } from '../web/server.js'", 'report/table -> web/server (type)'],
    ['meter/run.ts', "import { log } from '../log.js'", 'meter/run -> log (value)'],
    ['library/exec.ts', "import { main } from '../cli/wrapper.js'", 'library/exec -> cli/wrapper (value)'],
    ['meter/run.ts', "import { startApi } from '../../test/api.js'", 'meter/run -> ../test/api (value)'],
  ])('sees that %s must not contain: %s', (file, text, wrong) => {
    expect(parseImports(file, text).filter(isWrongArrow).map(describeImport)).toEqual([wrong]);
  });

  it.each([
    ['cli/wrapper.ts', "import { log } from '../log.js'"],
    ['cli/usage.ts', "import manifest from '../../package.json' with { type: 'json' }"],
    ['meter/run.ts', "import type { Log } from '../log.js'"],
    ['store/open.ts', "import { StoreError } from '../errors.js'"],
    ['web/server.ts', "import { readPeriod } from '../report/period.js'"],
    ['history/import.ts', "import { type Line, parse } from '../formats/line.js'"],
    ['config.ts', "import { PHASES } from './usage/phase.js'"],
  ])('sees that %s may contain: %s', (file, text) => {
    expect(parseImports(file, text).filter(isWrongArrow)).toEqual([]);
  });
});

function isWrongArrow({ from, to, kind }: Import): boolean {
  if (isPackage(to)) return false;
  if (to === '../package.json') return roomOf(from) !== 'cli';
  if (to in MADE) return MADE[to as keyof typeof MADE] !== from;
  const [user, used] = [roomOf(from), roomOf(to)];
  if (user === used) return false;
  if (HANDED_IN.includes(used)) return kind !== 'type' && !TOP.includes(user) && used !== 'errors';
  if (HANDED_IN.includes(user)) return !['pricing', 'usage', 'files', 'node'].includes(used);
  return levelOf(used) <= levelOf(user) && !NEIGHBOURS.includes(`${user} -> ${used}`);
}

/** What `module` can ever load in its process, but for what `users` load with `used`. */
function loadedWithout(module: string, users: readonly string[], used: string): string[] {
  const loaded = new Set([module]);
  for (const user of loaded) {
    for (const { from, to, kind } of imports) {
      if (from === user && kind !== 'type' && !(users.includes(from) && to === used)) loaded.add(to);
    }
  }
  return [...loaded];
}

/** What Node loads before the first line of `module` runs: packages, and files of src/. */
function loadedAtStart(module: string): string[] {
  const loaded = new Set([module]);
  for (const user of loaded) {
    for (const { from, to, kind } of imports) if (from === user && kind === 'value') loaded.add(to);
  }
  return [...loaded];
}

function endsProcess(file: string): boolean {
  let ends = false;
  visit(parse(file, sources[file] ?? ''), (node) => {
    if (!ts.isPropertyAccessExpression(node) || !/^(globalThis\.)?process$/.test(node.expression.getText())) return;
    ends ||= ['exit', 'exitCode', 'reallyExit', 'abort'].includes(node.name.text);
  });
  return ends;
}

function parseImports(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, kind: Import['kind']) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    found.push({ from: moduleOf(file), to: resolve(file, specifier.text), kind });
  };
  visit(parse(file, text), (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ? 'type' : 'value');
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'value');
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, 'type');
    if (ts.isCallExpression(node) && /^(import|require\w*)$/.test(node.expression.getText())) {
      add(node.arguments[0], 'dynamic');
    }
  });
  return found;
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  node.forEachChild((child) => visit(child, look));
}

function resolve(file: string, specifier: string): string {
  return specifier.startsWith('.') ? moduleOf(posix.join(posix.dirname(file), specifier)) : `npm:${specifier}`;
}

function moduleOf(file: string): string {
  return file.replace(/\.[cm]?[jt]sx?$/, '');
}

function isPackage(module: string): boolean {
  return module.startsWith('npm:');
}

/** `npm:zod/mini` is of the package `zod`. */
function packageOf(module: string): string | undefined {
  return /^npm:((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1];
}

function roomOf(module: string): string {
  return moduleOf(module).split('/')[0] ?? '';
}

/** -1, above all, for what is no room. */
function levelOf(room: string): number {
  return LEVELS.findIndex((level) => level.includes(room));
}

function isKnown(room: string): boolean {
  return levelOf(room) >= 0 || HANDED_IN.includes(room);
}

function describeImport({ from, to, kind }: Import): string {
  return `${from} -> ${to} (${kind})`;
}

/** The text of every source file by its path within src/. */
function readSources(): Record<string, string> {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.[cm]?[jt]sx?$/.test(file));
  return Object.fromEntries(files.map((file) => [file.split(sep).join('/'), readFileSync(join(SRC, file), 'utf8')]));
}
