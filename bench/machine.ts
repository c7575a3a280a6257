import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { CODEX } from './workspace.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
  readonly codex: string;
}

export function describeMachine(): Machine {
  const { stdout } = spawnSync(CODEX, ['--version'], { encoding: 'utf8' });
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    codex: stdout.trim(),
  };
}

/** How many processes wanted a core at once over the last minute: above the number of cores, times are noise. */
export function readLoad(): number {
  return loadavg()[0] ?? Number.NaN;
}
