import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { addressOfDocs } from '../src/usage/docs.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly homepage: string;
  readonly bugs: string;
  readonly repository: { readonly url: string; readonly directory?: string };
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const main = readManifest('.');
const others = readdirSync(join(ROOT, 'packages')).map((folder) => readManifest(join('packages', folder)));

describe('the packages beside codex-metered', () => {
  it('have its version, and are asked for in it alone', () => {
    const all = [main, ...others];
    const versions = new Map(all.map(({ name, version }) => [name, version]));
    expect(new Set(versions.values())).toEqual(new Set([main.version]));
    for (const { dependencies, optionalDependencies } of all) {
      const asked = Object.entries({ ...dependencies, ...optionalDependencies }).filter(([name]) => versions.has(name));
      expect(asked.filter(([name, version]) => versions.get(name) !== version)).toEqual([]);
    }
  });

  it('lie where it lies', () => {
    for (const { name, homepage, bugs, repository } of others) {
      const directory = `packages/${name}`;
      expect({ homepage, bugs, repository }).toEqual({
        ...{ homepage: main.homepage, bugs: main.bugs },
        repository: { ...main.repository, directory },
      });
    }
  });
});

it('help and documentation lie where package.json says', () => {
  const address = main.homepage.replace('#readme', '');
  expect(addressOfDocs('pricing.md')).toBe(`${address}/blob/main/docs/pricing.md`);
  expect(main.repository.url).toBe(`git+${address}.git`);
});

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}
