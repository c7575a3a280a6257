// Makes a release of this checkout: `npm run release -- 0.2.0`. It sets the version, gives the changelog its heading, builds, checks the
// tarballs on a bare prefix, commits and tags. What it has written is taken back where something fails, or with --dry-run.
// Pushing the tag is left to you: it starts .github/workflows/publish.yml.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { CHANGELOG, closeUnreleased } from './changelog.js';
import { checkTarballs } from './check-tarball.js';
import { ROOT } from './packages.js';
import { requireNotOlder, setVersion } from './versions.js';

const command = new Command('npm run release --')
  .description(
    'Makes a release of this checkout: version, changelog, build, check, commit and tag. Pushing the tag publishes it.',
  )
  .argument('<version>', 'such as 0.2.0')
  .option('--dry-run', 'try it, show what would change, and take it back')
  .showHelpAfterError('(npm run release -- --help explains it.)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();

try {
  release(command.args[0] ?? '', command.opts().dryRun ?? false);
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/**
 * @param {string} version
 * @param {boolean} isDryRun
 */
function release(version, isDryRun) {
  const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  requireNotOlder(version, manifest.version);
  if (git('status', '--porcelain') !== '') throw new Error('There are changes that are not committed.');
  if (git('tag', '--list', `v${version}`) !== '') throw new Error(`There is a tag v${version} already.`);
  const repository = manifest.repository.url.replace(/^git\+|\.git$/g, '');
  const date = new Date().toISOString().slice(0, 10);
  const changelog = closeUnreleased(readFileSync(CHANGELOG, 'utf8'), { version, date, repository });

  const files = [CHANGELOG];
  let isCommitted = false;
  try {
    writeFileSync(CHANGELOG, changelog);
    files.push(...setVersion(version));
    checkTarballs();
    if (isDryRun) {
      process.stdout.write(`${git('diff', '--stat')}\nNothing of it was kept: --dry-run.\n`);
      return;
    }
    git('add', ...files);
    git('commit', '--quiet', '--message', `Release ${version}`);
    isCommitted = true;
    git('tag', '--annotate', `v${version}`, '--message', `codex-metered ${version}`);
    process.stdout.write(`Tagged v${version}. To publish it: git push --follow-tags\n`);
  } finally {
    if (!isCommitted) git('restore', '--staged', '--worktree', ...files);
  }
}

/** @param {string[]} args */
function git(...args) {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
}
