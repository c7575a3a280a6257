import { readStat } from './stat.js';

/**
 * Whether a shell with job control started us, as the shell does at which a person types: it gives each command line a
 * process group of its own. A program that opens a terminal of its own starts in it either what it wants, which leads the
 * session then, or a shell that leads it and keeps all in its own group.
 */
export function isShellJob(platform = process.platform): boolean {
  if (platform !== 'linux') return isShellJobByPs();
  const stat = readStat(process.pid);
  return stat !== undefined && stat.processGroup !== stat.session;
}

/** `ps` tells of no session everywhere, but it marks whoever leads one. */
function isShellJobByPs(): boolean {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const ask = (column: string, pid: number | string) =>
    execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return !ask('stat', ask('pgid', process.pid)).includes('s');
  } catch {
    return false;
  }
}
