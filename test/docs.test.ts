import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../src/cli/wrapper-options.js';
import { readConfigFile } from '../src/config/read-file.js';
import { listKnownKeys } from '../src/config/schema.js';
import { runUsage } from './harness/codex-usage.js';
import { describeDocument } from './matrix/document.js';
import { createFolder } from './store/samples.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Folders whose Markdown is ours. */
const FOLDERS = ['docs', 'packages', 'examples', '.github'];
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...FOLDERS.flatMap((folder) => listFiles(folder)).filter((path) => path.endsWith('.md')),
];
/** A changelog names what has gone since. */
const CURRENT = PAGES.filter((page) => page !== 'CHANGELOG.md');
/** Keys of codex-metered.toml that hold tables by number or by name: how one of them is found. */
const INNER: Readonly<Record<string, (string | number)[]>> = { prices: [0], subscriptions: [0], fleet: ['work'] };
const DOCS = CURRENT.map(read).join('\n');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe('the links of the documentation', () => {
  it.each(PAGES)('of %s lead to a file and a heading that exist', (page) => {
    const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(links.filter((target) => !/^\w+:/.test(target) && !isReachable(page, target))).toEqual([]);
  });

  it('lead from the README to every page, and from the index to every decision', () => {
    const unlinked = (from: string, folder: string) =>
      listFiles(folder, false).filter(
        (path) => path.endsWith('.md') && !read(from).includes(`(${relative(dirname(from), path)}`),
      );
    expect(unlinked('README.md', 'docs')).toEqual([]);
    expect(unlinked('docs/decisions/README.md', 'docs/decisions').map((path) => basename(path))).toEqual(['README.md']);
  });
});

it.each(listFiles('docs/decisions').filter((path) => !path.endsWith('README.md')))(
  '%s says what was decided, why, and what it costs',
  (path) => {
    const parts = ['**Decided.**', '**Why', '**What it costs.**'];
    expect(parts.filter((part) => !read(path).includes(part))).toEqual([]);
  },
);

it('docs/accuracy.md is what its command makes of its tables', () => {
  const document = read('docs/accuracy.md');
  const [ways = '', sideBySide = '', estimates = ''] =
    document.match(/(?:^\|.*\|$\n?)+/gm)?.map((table) => table.trim()) ?? [];
  expect(describeDocument({ ways, sideBySide, estimates })).toBe(document);
});

describe('the documentation names', () => {
  it.each(CURRENT)('in %s only files of the repository that exist', (page) => {
    const paths = read(page).match(/(?<![\w/.-])(?:src|test|scripts|bench|wasm|fixtures|action)\/[\w./-]*\w/g) ?? [];
    expect([...new Set(paths)].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('only options of codex-metered that exist, and all of them', () => {
    const named = new Set([...DOCS.matchAll(/--meter-([a-z]+(?:-[a-z]+)*)/g)].map(([, name = '']) => name));
    expect([...named].filter((name) => !Object.hasOwn(OPTIONS, name))).toEqual([]);
    expect(Object.keys(OPTIONS).filter((name) => !named.has(name))).toEqual(['version']);
  });

  it('only variables that our code reads', () => {
    const code = ['src', 'action', 'scripts', 'examples']
      .flatMap((folder) => listFiles(folder))
      .filter(isCode)
      .map(read)
      .join('\n');
    const named = new Set(DOCS.match(/\bCODEX_METERED_[A-Z]+(?:_[A-Z]+)*/g));
    expect([...named].filter((name) => !code.includes(name))).toEqual([]);
  });

  it('only npm scripts that package.json has', () => {
    const named = [...DOCS.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('only commands and options that codex-usage has', async () => {
    const calls = [...DOCS.matchAll(/codex-usage ([a-z]+)((?: [^`|;)#\n]*)?)/g)].map(
      ([call, name = '', rest = '']) => ({
        ...{ call, name },
        options: rest.match(/(?<=\s)--(?!meter-)[a-z]+(?:-[a-z]+)*/g) ?? [],
      }),
    );
    const all = await helpOf();
    const names = new Set([...all.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name));
    const written = calls.filter(({ name, options }) => names.has(name) || options.length > 0);
    expect(written.length).toBeGreaterThan(30);
    const helps = new Map<string, string>();
    for (const name of new Set(written.map((call) => call.name))) helps.set(name, await helpOf(name));
    const unknown = written.filter(({ name, options }) => {
      return (
        !names.has(name) || options.some((option) => !new RegExp(`${option}(?![\\w-])`).test(helps.get(name) ?? ''))
      );
    });
    expect(unknown.map(({ call }) => call)).toEqual([]);
  });
});

it('docs/config.md shows a codex-metered.toml without a mistake', () => {
  const [, toml = ''] = /```toml\n(.*?)```/s.exec(read('docs/config.md')) ?? [];
  const path = join(createFolder(), 'codex-metered.toml');
  writeFileSync(path, toml);
  expect(readConfigFile({ path, origin: 'user file' }).prices).toHaveLength(1);
});

it('docs/config.md has every key of codex-metered.toml', () => {
  const page = read('docs/config.md');
  expect(listKeys().filter((key) => !new RegExp(`\\b${key}\\b`).test(page))).toEqual([]);
});

describe('the map in AGENTS.md', () => {
  const map = read('AGENTS.md').split('\n## Map\n')[1] ?? '';
  const sections = map.split('\n### ').slice(1);

  it('has every file of src/, or its folder', () => {
    const missing = listFiles('src')
      .filter(isCode)
      .filter((path) => !isMapped(path));
    expect(missing).toEqual([]);
  });

  it('has no file that does not exist', () => {
    const gone = sections.flatMap((section) => {
      const folder = folderOf(section);
      const named = section.match(/[\w./-]+\.(?:tsx?|js)\b/g) ?? [];
      return named.filter((name) => ![name, `${folder}${name}`].some((path) => existsSync(join(ROOT, path))));
    });
    expect(gone).toEqual([]);
  });

  /** `src/cli/` of `src/cli/ the two commands`; nothing where it is no folder's. */
  function folderOf(section: string): string {
    return /^([\w/]+\/)/.exec(section)?.[1] ?? '';
  }

  function isMapped(path: string): boolean {
    const folder = `${dirname(path)}/`;
    const own = sections.find((section) => folderOf(section) === folder);
    if (own) return names(own, basename(path));
    // A folder within one that is mapped.
    const above = sections.find((section) => folderOf(section) !== '' && folder.startsWith(folderOf(section)));
    return above !== undefined && names(above, `${folder.slice(folderOf(above).length).split('/')[0]}/`);
  }

  function names(section: string, name: string): boolean {
    return new RegExp(`(?<![\\w-])${name.replace('.', '\\.')}`).test(section);
  }
});

/** The keys of codex-metered.toml, at any depth. */
function listKeys(path: readonly (string | number)[] = []): string[] {
  return listKnownKeys(path).flatMap((key) => [key, ...listKeys([...path, key, ...(INNER[key] ?? [])])]);
}

async function helpOf(...command: string[]): Promise<string> {
  return (await runUsage([...command, '--help'], { database: '/nowhere/usage.db' })).stdout;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Paths of files within a folder of the repository, from its root. */
function listFiles(folder: string, deep = true): string[] {
  return readdirSync(join(ROOT, folder), { recursive: deep, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)).split(sep).join('/'));
}

function isCode(path: string): boolean {
  return /\.(?:tsx?|[cm]?js|yml)$/.test(path) && !path.endsWith('.d.ts');
}

/** Code may hold what only looks like a link. */
function withoutCode(markdown: string): string {
  return markdown.replace(/```.*?```/gs, '').replace(/`[^`\n]*`/g, '');
}

function isReachable(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === undefined || listAnchors(read(file)).includes(anchor);
}

/** As GitHub makes them of headings. */
function listAnchors(markdown: string): string[] {
  const headings = markdown.replace(/```.*?```/gs, '').match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) => {
    const text = heading.replace(/^#+ /, '').toLowerCase();
    return text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
  });
}
