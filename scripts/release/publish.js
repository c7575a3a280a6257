// Publishes all packages with provenance, from GitHub's runner. A package of which npm has this version is left out, so that a
// release that was published by half can be run again.
import { listPackages, runNpm } from './packages.js';

for (const { name, version, folder } of listPackages()) {
  if (isPublished(name, version)) {
    process.stdout.write(`${name} ${version} is published already.\n`);
    continue;
  }
  runNpm(['publish', '--provenance', '--access', 'public'], { cwd: folder });
  process.stdout.write(`Published ${name} ${version}.\n`);
}

/**
 * @param {string} name
 * @param {string} version
 */
function isPublished(name, version) {
  try {
    return runNpm(['view', `${name}@${version}`, 'version']).trim() === version;
  } catch (error) {
    if (error instanceof Error && /E404/.test(error.message)) return false;
    throw error;
  }
}
