import { spawnSync } from 'node:child_process';

const TIMEOUT_MS = 20_000;

/** What the Codex at `path` says of its version, `codex-cli 0.169.0`; undefined when it does not answer. */
export function readCodexVersion(path: string, env: NodeJS.ProcessEnv): string | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { env, encoding: 'utf8', timeout: TIMEOUT_MS });
  return status === 0 ? stdout.trim().split('\n').at(-1) : undefined;
}
