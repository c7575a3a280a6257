import type { ConfigSearch } from '../../config/find-files.js';
import { loadSettings } from '../../config/load.js';
import { type Paths, readPaths } from '../../config/paths.js';
import {
  type Given,
  resolveSettings,
  SETTING_VARIABLES,
  type SettingName,
  type Settings,
} from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import { findWorkTree } from '../../io/work-tree.js';
import type { Host } from './host.js';

export interface HostSettings {
  /** The defaults where there is a fault: what is wrong with a configuration file is no reason to give no help. */
  readonly settings: Settings;
  /** What is wrong with a configuration file or a variable. */
  readonly fault: UsageError | undefined;
  readonly paths: Paths;
  readonly places: ConfigSearch;
}

/** What the user of `host` has set, and where codex-metered keeps what it knows for them. */
export async function readHostSettings({ cwd, env }: Host): Promise<HostSettings> {
  const places = { cwd, root: findWorkTree(cwd)?.root ?? cwd, env };
  const loaded = await loadSettings(saidBy(env), places).catch(keepUsageError);
  const fault = loaded instanceof UsageError ? loaded : undefined;
  const settings = loaded instanceof UsageError ? resolveSettings(() => undefined, []) : loaded;
  return { settings, fault, paths: readPaths(env, settings.database.value), places };
}

/** What the environment says of the settings. */
function saidBy(env: NodeJS.ProcessEnv): (name: SettingName) => Given | undefined {
  return (name) => {
    const variable = SETTING_VARIABLES[name];
    const value = env[variable];
    return value ? { value, origin: 'environment', place: variable } : undefined;
  };
}

function keepUsageError(error: unknown): UsageError {
  if (error instanceof UsageError) return error;
  throw error;
}
