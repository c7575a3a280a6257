import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

interface Changelog {
  readSection(changelog: string, version: string): string;
  closeUnreleased(changelog: string, release: { version: string; date: string; repository: string }): string;
}
interface Versions {
  requireNotOlder(version: string, present: string): void;
}
interface Packages {
  listPackages(): { name: string; version: string; uses: string[] }[];
}

/** The scripts are JavaScript: they run before anything is installed. */
const load = async <T>(name: string) =>
  (await import(new URL(`../../scripts/release/${name}.js`, import.meta.url).href)) as T;
const { readSection, closeUnreleased } = await load<Changelog>('changelog');
const { requireNotOlder } = await load<Versions>('versions');
const { listPackages } = await load<Packages>('packages');

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHANGELOG = readFileSync(`${ROOT}/CHANGELOG.md`, 'utf8');
const REPOSITORY = 'https://github.example/octo/shop';
const BEFORE = `# Changelog

## [Unreleased]

### Added

- A new thing.

## [0.1.0] - 2026-11-28

The first release.

[Unreleased]: ${REPOSITORY}/compare/v0.1.0...main
[0.1.0]: ${REPOSITORY}/releases/tag/v0.1.0
`;

describe('the changelog', () => {
  it('has a heading with an address for each release, and for what is unreleased', () => {
    const headings = [...CHANGELOG.matchAll(/^## \[([^\]]+)\](.*)$/gm)];
    expect(headings[0]?.[1]).toBe('Unreleased');
    for (const [, name = '', date = ''] of headings) {
      expect(CHANGELOG).toContain(`\n[${name}]: https://`);
      if (name !== 'Unreleased') expect(`${name}${date}`).toMatch(/^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$/);
    }
  });

  it('gives what is unreleased the heading of its release, and leaves the heading for the next', () => {
    const after = closeUnreleased(BEFORE, { version: '0.2.0', date: '2026-12-01', repository: REPOSITORY });
    expect(after).toContain('## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- A new thing.\n\n## [0.1.0]');
    expect(after).toContain(
      `[Unreleased]: ${REPOSITORY}/compare/v0.2.0...main\n[0.2.0]: ${REPOSITORY}/releases/tag/v0.2.0\n[0.1.0]:`,
    );
    expect(readSection(after, '0.2.0')).toBe('### Added\n\n- A new thing.');
    expect(readSection(after, '0.1.0')).toBe('The first release.');
  });

  it.each([
    ['nothing is unreleased', BEFORE.replace(/### Added[\s\S]*thing\.\n/, ''), 'says nothing of Unreleased'],
    ['there is that release', BEFORE.replace('0.1.0] -', '0.2.0] -'), 'has a release 0.2.0 already'],
  ])('makes no release where %s', (_, changelog, reason) => {
    const release = { version: '0.2.0', date: '2026-12-01', repository: REPOSITORY };
    expect(() => closeUnreleased(changelog, release)).toThrow(reason);
  });
});

describe('a version', () => {
  it.each(['0.0.9', '0.1', 'v0.2.0', '0.2.0-beta', ''])('%s is refused where 0.1.0 is the present one', (version) => {
    expect(() => requireNotOlder(version, '0.1.0')).toThrow(/is below|is no version/);
  });

  it.each(['0.1.0', '0.1.1', '0.2.0', '1.0.0'])('%s is taken where 0.1.0 is the present one', (version) => {
    expect(() => requireNotOlder(version, '0.1.0')).not.toThrow();
  });

  it('is that of all packages, and each comes behind those that it depends on', () => {
    const packages = listPackages();
    const names = packages.map(({ name }) => name);
    expect(names).toContain('codex-metered');
    expect(new Set(packages.map(({ version }) => version)).size).toBe(1);
    for (const [place, { uses }] of packages.entries()) {
      expect(uses.filter((name) => !names.slice(0, place).includes(name))).toEqual([]);
    }
  });
});

it('a release is refused, and nothing is changed, where its version is wrong', async () => {
  const before = readFileSync(`${ROOT}/package.json`, 'utf8');
  const ended = await execa('node', ['scripts/release/release.js', 'soon'], { cwd: ROOT, reject: false });
  expect(ended).toMatchObject({ exitCode: 1, stderr: 'release: "soon" is no version: use one such as 0.2.0.' });
  expect(readFileSync(`${ROOT}/package.json`, 'utf8')).toBe(before);
});
