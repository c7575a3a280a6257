// The changelog has a heading for each release, and `[Unreleased]` above them for what the next one brings.
//
//     node scripts/release/changelog.js v0.2.0     prints what that release has brought
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './packages.js';

export const CHANGELOG = join(ROOT, 'CHANGELOG.md');
const UNRELEASED = 'Unreleased';

/**
 * What the changelog says of a release, without its heading. Throws where it says nothing.
 * @param {string} changelog
 * @param {string} version
 */
export function readSection(changelog, version) {
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((one) => one.startsWith(`[${version}]`));
  // Under the last section stand the addresses of the headings.
  const text = section
    ?.slice(section.indexOf('\n'))
    .replace(/^\[[^\]]+\]: .*$/gm, '')
    .trim();
  if (text) return text;
  throw new Error(`CHANGELOG.md says nothing of ${version}: write what it brings under "## [${UNRELEASED}]".`);
}

/**
 * Makes what is unreleased a release.
 * @param {string} changelog
 * @param {{ version: string, date: string, repository: string }} release
 */
export function closeUnreleased(changelog, { version, date, repository }) {
  readSection(changelog, UNRELEASED);
  if (changelog.includes(`\n## [${version}]`)) throw new Error(`CHANGELOG.md has a release ${version} already.`);
  const headed = changelog.replace(`## [${UNRELEASED}]\n`, `## [${UNRELEASED}]\n\n## [${version}] - ${date}\n`);
  return headed.replace(
    /^\[Unreleased\]: .*$/m,
    `[${UNRELEASED}]: ${repository}/compare/v${version}...main\n[${version}]: ${repository}/releases/tag/v${version}`,
  );
}

if (process.argv[1] === import.meta.filename) {
  const version = process.argv[2]?.replace(/^v/, '') ?? UNRELEASED;
  process.stdout.write(`${readSection(readFileSync(CHANGELOG, 'utf8'), version)}\n`);
}
