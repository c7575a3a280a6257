import { basename, dirname, join } from 'node:path';
import type { ConfigSearch } from '../../config/find-files.js';
import { loadSettings } from '../../config/load.js';
import { type Paths, readPaths } from '../../config/paths.js';
import {
  readVariable,
  resolveSettings,
  SETTING_VARIABLES,
  type SettingName,
  type Settings,
} from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import { findWorkTree } from '../../io/work-tree.js';
import { COLOURED, type Paint, PLAIN } from '../../report/paint.js';

/** What a command uses of the process that it runs in. A test passes another one. */
export interface Host {
  /** The arguments, without the interpreter and the script. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Commands open the database without the right to write; by default they bring its schema up to date. */
  readonly access?: 'read-only';
  /** Path of dist/meter.cjs. */
  readonly meter: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Resolves when this process is asked to end (Ctrl-C): from then on it does not end by itself. */
  untilStopped(): Promise<void>;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  hasColors?(count: number, env?: object): boolean;
}

/** The settings of whoever calls a command, and where codex-metered stores what it knows for them. */
export interface HostSettings {
  /** The defaults where there is a fault: what is wrong with a configuration file is no reason to give no help. */
  readonly settings: Settings;
  /** Why a configuration file or a variable could not be read; undefined where all could. */
  readonly fault: UsageError | undefined;
  readonly paths: Paths;
  readonly places: ConfigSearch;
}

export async function readHostSettings({ cwd, env }: Host): Promise<HostSettings> {
  const places = { cwd, root: findWorkTree(cwd)?.root ?? cwd, env };
  const said = (name: SettingName) => readVariable(SETTING_VARIABLES[name], env);
  let fault: UsageError | undefined;
  const settings = await loadSettings(said, places).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    fault = error;
    return resolveSettings(() => undefined, []);
  });
  return { settings, fault, paths: readPaths(env, settings.database.value), places };
}

const TEAM_DATABASE = 'team.db';

/** The database that a pull fills: beside that of this machine. */
export function nameTeamDatabase({ database }: Pick<Paths, 'database'>): string {
  return join(dirname(database), TEAM_DATABASE);
}

export function isTeamDatabase(path: string): boolean {
  return basename(path) === TEAM_DATABASE;
}

const PIPED_WIDTH = 120;
const NARROWEST = 40;

/** How wide a report may be, in columns, and how its colours are written. COLUMNS wins over the width of the terminal. */
export function chooseStyle({
  host,
  options: { noColor },
}: {
  readonly host: Host;
  readonly options: { readonly noColor?: boolean };
}): { width: number; paint: Paint } {
  const { env, stdout } = host;
  const asked = Number(env.COLUMNS);
  const width = Number.isInteger(asked) && asked > 0 ? asked : (stdout.isTTY && stdout.columns) || PIPED_WIDTH;
  return { width: Math.max(NARROWEST, width), paint: !noColor && wantsColor(host) ? COLOURED : PLAIN };
}

/** True when `stdout` is a terminal with colours and neither NO_COLOR nor TERM=dumb is set. FORCE_COLOR wins over both. */
export function wantsColor({ env, stdout }: Host): boolean {
  return stdout.hasColors?.(16, env) ?? false;
}
