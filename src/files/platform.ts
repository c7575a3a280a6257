import { homedir } from 'node:os';
import { join } from 'node:path';

/*
 * What differs between Linux, macOS and Windows in where things lie and in what a command's file is called. What differs in
 * how processes and signals behave is said in docs/passthrough.md: nothing of ours can make up for it.
 */

/**
 * The folder of the user's own configuration file, where no variable says another. It is the one of env-paths, which must
 * not be loaded before Codex is started: it imports `node:process`, which opens the standard streams (see process/streams.ts).
 */
export function findConfigFolder(env: NodeJS.ProcessEnv, platform = process.platform): string {
  if (platform === 'darwin') return join(homedir(), 'Library', 'Preferences', 'codex-metered');
  if (platform !== 'win32') return join(homedir(), '.config', 'codex-metered');
  return join(env.APPDATA || join(homedir(), 'AppData', 'Roaming'), 'codex-metered', 'Config');
}

/** macOS and Windows have no folder for state, and a pending record must not lie where a cleaner empties logs. */
export function findStateFolder({ data, log }: { data: string; log: string }, platform = process.platform): string {
  return platform === 'darwin' || platform === 'win32' ? data : log;
}

/** What the file of a command can be called: on Windows with an extension, of which `PATHEXT` lists those that can be started. */
export function listCommandNames(name: string, env: NodeJS.ProcessEnv, platform = process.platform): string[] {
  if (platform !== 'win32') return [name];
  return (env.PATHEXT ?? '.EXE;.CMD').split(';').map((extension) => name + extension);
}
