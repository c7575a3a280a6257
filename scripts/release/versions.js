import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPackages, ROOT } from './packages.js';

const LOCKFILE = join(ROOT, 'package-lock.json');

/**
 * Gives all packages of this repository one version, also where they depend on each other. Returns the paths of the files that it wrote.
 * @param {string} version
 */
export function setVersion(version) {
  const packages = listPackages();
  const names = packages.map(({ name }) => name);
  for (const { manifest } of packages) rewrite(manifest, (content) => raise(content, version, names));
  rewrite(LOCKFILE, (lockfile) => {
    lockfile.version = version;
    // A workspace stands there by its folder, mostly without a name.
    for (const [path, entry] of Object.entries(lockfile.packages)) {
      if (path === '' || path.startsWith('packages/')) raise(entry, version, names);
    }
  });
  return [...packages.map(({ manifest }) => manifest), LOCKFILE];
}

/**
 * @param {any} manifest
 * @param {string} version
 * @param {readonly string[]} names
 */
function raise(manifest, version, names) {
  manifest.version = version;
  for (const kind of ['dependencies', 'optionalDependencies']) {
    for (const name of names) if (manifest[kind]?.[name]) manifest[kind][name] = version;
  }
}

/**
 * @param {string} path of a JSON file
 * @param {(content: any) => void} change
 */
function rewrite(path, change) {
  const content = JSON.parse(readFileSync(path, 'utf8'));
  change(content);
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * Throws where `version` is none, or is below the present one. The present one is a release to come until it has a tag.
 * @param {string} version
 * @param {string} present
 */
export function requireNotOlder(version, present) {
  const [wanted, had] = [parse(version), parse(present)];
  const place = wanted.findIndex((part, index) => part !== had[index]);
  if (place >= 0 && (wanted[place] ?? 0) < (had[place] ?? 0)) {
    throw new Error(`${version} is below ${present}, which is the version of this checkout.`);
  }
}

/** @param {string} version */
function parse(version) {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  if (parts.length === 0) throw new Error(`"${version}" is no version: use one such as 0.2.0.`);
  return parts.map(Number);
}
