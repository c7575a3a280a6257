import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from './workspace.js';

/** What a Node process took, as it says itself at its end. */
export interface Taken {
  readonly cpuMs: number;
  readonly peakMemoryKb: number;
}

/** Put into our Node processes by their environment. */
export interface Probe {
  readonly env: Readonly<Record<string, string>>;
  /** What the last command took. */
  read(): Taken;
  /** What its meter took, which has ended by now. */
  readMeter(): Taken;
}

/** getrusage counts what the process was before it became Node, too; Linux knows the memory of Node alone. */
const SOURCE = `const { readFileSync, writeFileSync } = require('node:fs');
const { basename } = require('node:path');
const roles = { 'codex-metered.js': 'command', 'codex-usage.js': 'command', 'meter.cjs': 'meter' };
const role = roles[basename(process.argv[1] ?? '')];
if (role) process.on('exit', () => {
  const peak = process.platform === 'linux' && /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const { user, system } = process.cpuUsage();
  const taken = { cpuMs: (user + system) / 1000, peakMemoryKb: Number(peak || process.resourceUsage().maxRSS) };
  writeFileSync(process.env.BENCH_TAKEN + '.' + role, JSON.stringify(taken));
});
`;

export function createProbe({ folder }: Workspace): Probe {
  const script = join(folder, 'probe.cjs');
  const answer = join(folder, 'taken.json');
  writeFileSync(script, SOURCE);
  const read = (role: 'command' | 'meter') => {
    const path = `${answer}.${role}`;
    const taken = JSON.parse(readFileSync(path, 'utf8')) as Taken;
    rmSync(path);
    return taken;
  };
  return {
    env: { BENCH_TAKEN: answer, NODE_OPTIONS: `--require=${script}` },
    read: () => read('command'),
    readMeter: () => read('meter'),
  };
}
