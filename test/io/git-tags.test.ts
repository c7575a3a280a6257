import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { describe, expect, it } from 'vitest';
import { readGitTags } from '../../src/io/git-tags.js';
import { toTagsJson } from '../../src/usage/tags.js';
import { createFolder } from '../store/samples.js';

/** A work tree with files as git, or something else, has left them. */
function createWorkTree(files: Readonly<Record<string, string | Buffer>>): string {
  const root = createFolder();
  for (const [name, content] of Object.entries({ HEAD: 'ref: refs/heads/main\n', ...files })) {
    mkdirSync(join(root, '.git', name, '..'), { recursive: true });
    writeFileSync(join(root, '.git', name), content);
  }
  return root;
}

const read = (root: string) => toTagsJson(readGitTags(root));
const SHA = '0123456789abcdef0123456789abcdef01234567';

describe("git's files", () => {
  it('have a branch before the first commit, and the only remote where none is called origin', () => {
    const root = createFolder();
    execaSync('git', ['init', '--quiet', '--initial-branch', 'trunk'], { cwd: root });
    execaSync('git', ['remote', 'add', 'upstream', 'git@example.com:acme/shop.git'], { cwd: root });
    expect(read(root)).toEqual({ branch: 'trunk', repo: 'acme/shop' });
    execaSync('git', ['remote', 'add', 'fork', 'git@example.com:ada/shop.git'], { cwd: root });
    expect(read(root)).toEqual({ branch: 'trunk' });
  });

  it('have the commit of a branch in a reference of its own before that in the packed ones', () => {
    const packed = `# pack-refs with: peeled\n${'f'.repeat(40)} refs/heads/main\n^${'e'.repeat(40)}\n`;
    expect(read(createWorkTree({ 'packed-refs': packed }))).toEqual({ branch: 'main', commit: 'f'.repeat(40) });
    const root = createWorkTree({ 'packed-refs': packed, 'refs/heads/main': `${SHA}\n` });
    expect(read(root)).toEqual({ branch: 'main', commit: SHA });
  });

  it('are read as far as they make sense, and only regular files of bounded size', () => {
    expect(read(createWorkTree({ HEAD: '' }))).toEqual({});
    expect(read(createWorkTree({ HEAD: `${SHA}\n` }))).toEqual({ commit: SHA });
    expect(read(createWorkTree({ HEAD: Buffer.alloc(10_000, 'x') }))).toEqual({});
    expect(read(createWorkTree({ HEAD: 'ref: refs/heads/../../../etc/passwd\n' }))).not.toHaveProperty('commit');
    // As with references in another format.
    expect(read(createWorkTree({ HEAD: 'ref: refs/heads/.invalid\n' }))).toEqual({});
    expect(read(createWorkTree({ 'refs/heads/main': 'no hash' }))).toEqual({ branch: 'main' });
    expect(read(createWorkTree({ config: Buffer.alloc(2_000_000, 'x') }))).toEqual({ branch: 'main' });
    const pipe = createWorkTree({});
    execaSync('mkfifo', [join(pipe, '.git', 'config')]);
    expect(read(pipe)).toEqual({ branch: 'main' });
    expect(read('/nowhere')).toEqual({});
  });
});
