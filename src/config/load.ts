import { type FilePlaces, findConfigFiles } from './files.js';
import { resolveSettings, type Said, type SaidName, type Settings } from './settings.js';

/**
 * What the user has set: by options and variables, as `said` tells them, and in the configuration files. What reads a
 * file is loaded where there is one: most runs have none, and Codex waits for it. Throws a UsageError.
 */
export async function loadSettings(said: (name: SaidName) => Said | undefined, places: FilePlaces): Promise<Settings> {
  const found = findConfigFiles(places);
  if (found.length === 0) return resolveSettings(said, []);
  const { readConfigFile } = await import('./file.js');
  return resolveSettings(said, found.map(readConfigFile));
}
