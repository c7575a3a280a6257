import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OTHERS = join(ROOT, 'packages');

/**
 * A package of this repository.
 * @typedef {object} Package
 * @property {string} name
 * @property {string} version
 * @property {string} folder
 * @property {string} manifest the path of its package.json
 * @property {readonly string[]} uses names of the others that it depends on
 */

/**
 * All packages of this repository: the main one in its root, others in `packages/`. A package comes behind those that it depends on,
 * so they can be published in this order.
 * @returns {readonly Package[]}
 */
export function listPackages() {
  const others = existsSync(OTHERS) ? readdirSync(OTHERS).map((name) => join(OTHERS, name)) : [];
  const folders = [ROOT, ...others.filter((folder) => existsSync(join(folder, 'package.json')))];
  const manifests = folders.map((folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const names = manifests.map(({ name }) => name);
  const all = manifests.map(({ name, version, dependencies, optionalDependencies }, place) => {
    const folder = folders[place] ?? ROOT;
    const used = Object.keys({ ...dependencies, ...optionalDependencies });
    return {
      name,
      version,
      folder,
      manifest: join(folder, 'package.json'),
      uses: used.filter((one) => names.includes(one)),
    };
  });
  /** @type {Package[]} */
  const ordered = [];
  while (ordered.length < all.length) {
    const next = all.find(
      (one) => !ordered.includes(one) && one.uses.every((name) => ordered.some((had) => had.name === name)),
    );
    if (!next) throw new Error(`The packages ${names.join(', ')} depend on each other in a circle.`);
    ordered.push(next);
  }
  return ordered;
}

/**
 * Runs npm to its end. Throws with what it said where it fails.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function runNpm(args, options = {}) {
  // npm is a script on Windows, which a shell alone can start.
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    ...options,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return stdout;
  throw new Error(`npm ${args.join(' ')} failed:\n${error?.message ?? `${stdout}${stderr}`.trim()}`);
}
