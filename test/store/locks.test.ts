import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { takeLock } from '../../src/store/locks.js';
import { createFolder } from './samples.js';

const MODULE = fileURLToPath(new URL('../../src/store/locks.ts', import.meta.url));

/** Whether another process gets the lock; it ends holding it. */
function isFreeForOthers(database: string): boolean {
  const script = `const { takeLock } = await import(process.argv[1]);
    process.exit(takeLock(process.argv[2], 'import') ? 10 : 20);`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script, MODULE, database];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect([10, 20], stderr).toContain(status);
  return status === 10;
}

it('the lock on imports is held by one import, of this process or another, until it ends in whatever way', () => {
  const database = join(createFolder(), 'usage.db');
  expect(isFreeForOthers(database)).toBe(true);
  const lock = takeLock(database, 'import');
  expect(lock).toBeDefined();
  // An attempt in the same process must not take the lock away: closing a file does that to all locks that the process has on it.
  expect(takeLock(database, 'import')).toBeUndefined();
  expect(isFreeForOthers(database)).toBe(false);
  lock?.release();
  expect(existsSync(`${database}-import`)).toBe(false);
  expect(isFreeForOthers(database)).toBe(true);
});
