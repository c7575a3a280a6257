import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from './workspace.js';

/** What a Node process took, as it says itself at its end. */
export interface Taken {
  readonly cpuMs: number;
  readonly peakMemoryKb: number;
}

/** Put into a Node process by its arguments and its environment. */
export interface Probe {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the last process with the probe in it took. */
  read(): Taken;
}

/** getrusage counts what the process was before it became Node, too; Linux knows the memory of Node alone. */
const SOURCE = `const { readFileSync, writeFileSync } = require('node:fs');
process.on('exit', () => {
  const peak = process.platform === 'linux' && /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const { user, system } = process.cpuUsage();
  const taken = { cpuMs: (user + system) / 1000, peakMemoryKb: Number(peak || process.resourceUsage().maxRSS) };
  writeFileSync(process.env.BENCH_TAKEN, JSON.stringify(taken));
});
`;

export function createProbe({ folder }: Workspace): Probe {
  const script = join(folder, 'probe.cjs');
  const answer = join(folder, 'taken.json');
  writeFileSync(script, SOURCE);
  return {
    args: ['--require', script],
    env: { BENCH_TAKEN: answer },
    read: () => JSON.parse(readFileSync(answer, 'utf8')) as Taken,
  };
}
