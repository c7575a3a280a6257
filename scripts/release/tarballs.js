// Packs all packages of this repository as they would be published, each into `<folder>/<name>.tgz`.
//
//     node scripts/release/tarballs.js build/package
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { listPackages, runNpm } from './packages.js';

/**
 * @param {string} folder
 * @returns {string[]} the paths of the tarballs
 */
export function packAll(folder) {
  mkdirSync(folder, { recursive: true });
  return listPackages().map(({ name, folder: source }) => {
    const draft = mkdtempSync(join(folder, 'pack-'));
    try {
      runNpm(['pack', '--silent', '--pack-destination', draft], { cwd: source });
      const [packed = ''] = readdirSync(draft);
      const tarball = join(folder, `${name}.tgz`);
      renameSync(join(draft, packed), tarball);
      return tarball;
    } finally {
      rmSync(draft, { recursive: true });
    }
  });
}

if (process.argv[1] === import.meta.filename) {
  for (const tarball of packAll(resolve(process.argv[2] ?? 'build/package'))) process.stdout.write(`${tarball}\n`);
}
