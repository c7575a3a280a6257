import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CCUSAGE_VERSION, installCcusage } from '../test/harness/ccusage.js';
import { type Section, summariseRatios } from './figures.js';
import { createProbe } from './probe.js';
import { type Measure, measureInTurns, type Timing } from './rounds.js';
import { type SyntheticHistory, writeHistory } from './synthetic-history.js';
import type { Workspace } from './workspace.js';

export interface ImportShape {
  readonly bytes: number;
  readonly files: number;
}

export const USUAL_SHAPE: ImportShape = { bytes: 1_000_000_000, files: 500 };
const USAGE = fileURLToPath(new URL('../bin/codex-usage.js', import.meta.url));
const COLD_AIM = { bound: 'at most', value: 1 } as const;
const WARM_AIM = { bound: 'at most', value: 0.2 } as const;

/** Past sessions: an import into an empty database, and a report when nothing has changed, against ccusage's native build. */
export async function benchImport(workspace: Workspace, rounds = 5, shape = USUAL_SHAPE): Promise<Section> {
  const history = writeHistory(workspace.codexHome, shape.bytes, shape.files);
  const ccusage = await installCcusage();
  const probe = createProbe(workspace);
  const peaksKb: number[] = [];
  const usage = (...args: string[]) => [process.execPath, USAGE, ...args];
  const cold: Measure = async () => {
    rmSync(join(workspace.folder, 'data'), { recursive: true, force: true });
    const args = ['import', '--provider', 'codex', '--json'];
    const timing = await workspace.time(usage(...args), { env: probe.env, countCpu: true });
    expectAll(JSON.parse(timing.stdout) as { added: number }, history);
    peaksKb.push(probe.read().peakMemoryKb);
    return timing;
  };
  const warm: Measure = () => workspace.time(usage('daily', '--json'), { env: probe.env, countCpu: true });
  const ours = { 'cold import': cold, 'daily --json, warm': warm };
  // Without ccusage its place is taken by a program that does nothing, and nothing is compared.
  const theirs = ccusage === undefined ? ['true'] : [ccusage, 'codex', 'daily', '--json', '--offline'];
  const measures = { ccusage: () => workspace.time(theirs, { countCpu: true }), ...ours };
  const measured = await measureInTurns(measures, { rounds, warmUps: 1 });
  const compare = (name: keyof typeof ours, figure: keyof Timing) =>
    measured.quotients((round) => round[name][figure] / round.ccusage[figure]);
  return {
    name: 'import',
    about: describe(history, ccusage !== undefined),
    rounds,
    columns: measured.columns,
    ratios: ccusage
      ? [
          summariseRatios('cold import / ccusage, wall', compare('cold import', 'ms'), COLD_AIM),
          summariseRatios('cold import / ccusage, CPU time', compare('cold import', 'cpuMs')),
          summariseRatios('daily --json, warm / ccusage, wall', compare('daily --json, warm', 'ms'), WARM_AIM),
        ]
      : [],
    figures: [{ name: 'peak memory of a cold import', value: Math.max(...peaksKb), unit: 'kB' }],
  };
}

function describe({ bytes, files, responses }: SyntheticHistory, compared: boolean): string {
  const what = `${(bytes / 1e9).toFixed(1)} GB of sessions in ${files} files, ${responses} responses`;
  return `${what}; ${compared ? `against ccusage ${CCUSAGE_VERSION}` : 'ccusage could not be installed'}.`;
}

/** A fast import that lost something would prove nothing. */
function expectAll({ added }: { added: number }, { responses }: SyntheticHistory): void {
  if (added !== responses) throw new Error(`${added} responses were imported, not ${responses}`);
}
