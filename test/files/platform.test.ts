import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findConfigFolder, findStateFolder, listCommandNames } from '../../src/files/platform.js';

const FOLDERS = { data: '/data', log: '/log' };

describe('on each system', () => {
  it.each([
    ['linux', join(homedir(), '.config', 'codex-metered')],
    ['darwin', join(homedir(), 'Library', 'Preferences', 'codex-metered')],
    ['win32', join(homedir(), 'AppData', 'Roaming', 'codex-metered', 'Config')],
  ] as const)('the configuration of a user of %s lies in %s', (platform, folder) => {
    expect(findConfigFolder({}, platform)).toBe(folder);
  });

  it('the configuration lies where APPDATA says on Windows, and there alone', () => {
    expect(findConfigFolder({ APPDATA: '/roaming' }, 'win32')).toBe(join('/roaming', 'codex-metered', 'Config'));
    expect(findConfigFolder({ APPDATA: '/roaming' }, 'linux')).toBe(join(homedir(), '.config', 'codex-metered'));
  });

  it.each([
    ['linux', '/log'],
    ['darwin', '/data'],
    ['win32', '/data'],
  ] as const)('state lies on %s in %s', (platform, folder) => {
    expect(findStateFolder(FOLDERS, platform)).toBe(folder);
  });

  it.each([
    ['linux', {}, ['codex']],
    ['win32', { PATHEXT: '.COM;.EXE' }, ['codex.COM', 'codex.EXE']],
    ['win32', {}, ['codex.EXE', 'codex.CMD']],
  ] as const)('the command codex is looked for on %s with %o as %o', (platform, env, names) => {
    expect(listCommandNames('codex', env, platform)).toEqual(names);
  });
});
