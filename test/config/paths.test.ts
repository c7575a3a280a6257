import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { describe, expect, it } from 'vitest';
import { readConfigFolder } from '../../src/config/find-files.js';
import { readPaths } from '../../src/config/paths.js';

describe('the folder of the configuration', () => {
  it('is that of the platform', () => {
    expect(readConfigFolder({})).toBe(envPaths('codex-metered', { suffix: '' }).config);
    expect(readConfigFolder({ XDG_CONFIG_HOME: '/config' })).toBe(resolve('/config/codex-metered'));
  });
});

describe('the paths', () => {
  it('are in the folders that variables name, those of codex-metered before those of XDG', () => {
    const xdg = { XDG_DATA_HOME: '/data', XDG_STATE_HOME: '/state' };
    expect(readPaths(xdg)).toMatchObject({
      database: resolve('/data/codex-metered/usage.db'),
      stateDirectory: resolve('/state/codex-metered'),
      logFile: resolve('/state/codex-metered/codex-metered.log'),
      pendingDirectory: resolve('/state/codex-metered/pending'),
    });
    const paths = readPaths({ ...xdg, CODEX_METERED_DB: '/mine/costs.db', CODEX_METERED_STATE_DIR: '/mine/state' });
    expect(paths.database).toBe(resolve('/mine/costs.db'));
    expect(paths.pendingDirectory).toBe(resolve('/mine/state/pending'));
  });

  it('have a spare folder in the temporary one, another for each state folder', () => {
    const [one, other] = ['/one', '/other'].map(
      (state) => readPaths({ CODEX_METERED_STATE_DIR: state }).spareDirectory,
    );
    expect(dirname(one ?? '')).toBe(tmpdir());
    expect(one).not.toBe(other);
  });

  it('are absolute, however they are given', () => {
    const paths = readPaths({ CODEX_METERED_DB: 'costs.db', CODEX_METERED_STATE_DIR: '.' });
    expect([paths.database, paths.stateDirectory]).toEqual([join(process.cwd(), 'costs.db'), process.cwd()]);
  });

  it("are in the platform's folders when nothing is said, an empty variable included", () => {
    const nothing = readPaths({});
    expect(nothing.database).toMatch(/codex-metered([\\/]Data)?[\\/]usage\.db$/);
    expect(
      readPaths({ CODEX_METERED_DB: '', CODEX_METERED_STATE_DIR: '', XDG_DATA_HOME: '', XDG_STATE_HOME: '' }),
    ).toEqual(nothing);
  });
});
