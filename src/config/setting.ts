import type { FoundFile } from './find-files.js';
import type { ConfigFile } from './read-file.js';

/** Where a setting was read, the strongest first. */
export type SettingOrigin = 'option' | 'environment' | FoundFile['origin'] | 'default';

export interface Setting<T> {
  readonly value: T;
  readonly origin: SettingOrigin;
  /** The option, the variable, or the file and line; undefined for a default. */
  readonly place: string | undefined;
}

/** What a file says at the key `path`. */
export function settingOf<T>(file: ConfigFile, path: readonly (string | number)[], value: T): Setting<T> {
  return { value, origin: file.origin, place: `${file.path}:${file.lineOf(path)}` };
}
