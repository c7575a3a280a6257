import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, vi } from 'vitest';
import { StoreError, UsageError } from '../src/errors.js';
import { USAGE } from './harness/workbench.js';
import { createFolder } from './store/samples.js';

describe('an error', () => {
  it('is known where it was thrown by another copy of its class, and no other error is', async () => {
    vi.resetModules();
    const copy = await import('../src/errors.js');
    expect(copy.StoreError).not.toBe(StoreError);
    const thrown = new copy.StoreError('locked', 'It is locked.');
    expect([thrown instanceof StoreError, thrown instanceof UsageError]).toEqual([true, false]);
    expect([new Error('x') instanceof StoreError, { name: 'StoreError' } instanceof StoreError]).toEqual([
      false,
      false,
    ]);
  });

  it('of what the command loads later is explained by what has loaded it', async () => {
    const folder = createFolder();
    writeFileSync(join(folder, 'codex-metered.toml'), 'databse = 3\n');
    const { exitCode, stderr } = await execa('node', [USAGE, 'daily'], {
      cwd: folder,
      env: { HOME: folder },
      reject: false,
    });
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: .*codex-metered\.toml:1: .*did you mean "database"/),
    ]);
  });
});
