import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findWorkTree, nameProject } from '../../src/io/work-tree.js';
import { createFolder } from '../store/samples.js';

/** A repository with one commit, and a folder in it. */
async function createRepository(): Promise<{ root: string; inner: string }> {
  const root = join(createFolder(), 'shop');
  const inner = join(root, 'web', 'page');
  mkdirSync(inner, { recursive: true });
  const as = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  await execa('git', ['init', '--quiet', root]);
  await execa('git', ['-C', root, ...as, 'commit', '--quiet', '--allow-empty', '--message', 'begin']);
  return { root, inner };
}

describe('the work tree of a folder', () => {
  it('is the nearest repository above it, which names the project', async () => {
    const { root, inner } = await createRepository();
    expect(findWorkTree(inner)).toEqual({ root, repository: root });
    expect(nameProject(inner)).toEqual({ value: 'shop', origin: 'git' });
  });

  it('belongs to the repository that a linked work tree was made from', async () => {
    const { root } = await createRepository();
    const linked = join(createFolder(), 'attempt-1');
    await execa('git', ['-C', root, 'worktree', 'add', '--quiet', linked]);
    expect(findWorkTree(linked)).toEqual({ root: linked, repository: root });
    expect(nameProject(linked)).toEqual({ value: 'shop', origin: 'git' });
  });

  it('is not a folder whose .git is empty, as the sandbox of Codex leaves one', async () => {
    const { root, inner } = await createRepository();
    mkdirSync(join(inner, '.git'));
    expect(findWorkTree(inner)).toEqual({ root, repository: root });
  });
});
