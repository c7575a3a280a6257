import { spawnSync } from 'node:child_process';

/**
 * Runs npm to its end. Throws with what it said where it fails.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function runNpm(args, options = {}) {
  // npm is a script on Windows, which a shell alone can start.
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    ...options,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return stdout;
  throw new Error(`npm ${args.join(' ')} failed:\n${error?.message ?? `${stdout}${stderr}`.trim()}`);
}
