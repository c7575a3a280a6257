import { messageOf, UsageError } from '../errors.js';
import { monotonicMs } from '../node/clock.js';
import { type ConfigSearch, type FoundFile, findConfigFiles } from './find-files.js';
import type { ConfigFile } from './read-file.js';
import { type Given, resolveSettings, type SettingName, type Settings } from './settings.js';

/** How long the search for configuration files may take before they are left out: Codex waits. */
const PATIENCE_MS = 500;

/**
 * Reads the settings: from options and variables, by `said`, and from the configuration files. The code that reads a file is
 * loaded only when there is one: most runs have none, and Codex waits for it. What cannot be a configuration file (a named pipe, a
 * device), or is on a file system that takes too long, is passed over. Throws a UsageError.
 */
export async function loadSettings(
  said: (name: SettingName) => Given | undefined,
  places: ConfigSearch,
): Promise<Settings> {
  const startedAt = monotonicMs();
  const { found, unsuitable } = findConfigFiles(places);
  if (found.length === 0) return { ...resolveSettings(said, [], places.env), passedOver: unsuitable };
  if (monotonicMs() - startedAt > PATIENCE_MS) {
    const slow = found.map(({ path }) => ({ path, reason: 'it took too long to find' }));
    return { ...resolveSettings(said, [], places.env), passedOver: [...unsuitable, ...slow] };
  }
  const { readConfigFile } = await import('./read-file.js');
  return { ...resolveSettings(said, found.map(withOwnErrors(readConfigFile)), places.env), passedOver: unsuitable };
}

/** `read-file.ts` is a bundle of its own (scripts/dist.js), which throws errors of its own copy of UsageError: ours are thrown instead. */
function withOwnErrors(read: (file: FoundFile) => ConfigFile): (file: FoundFile) => ConfigFile {
  return (file) => {
    try {
      return read(file);
    } catch (error) {
      throw new UsageError(messageOf(error));
    }
  };
}
