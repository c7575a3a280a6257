import { resolveProgram } from '../src/process/native.js';
import { medianOf, type Section, summariseRatios } from './figures.js';
import { createProbe } from './probe.js';
import { measureInTurns, type Timing } from './rounds.js';
import { expectExactRecords, openScriptedCodex } from './scripted-codex.js';
import { CODEX, METERED, type Workspace } from './workspace.js';

const WARM_UPS = 2;
const AIM = { bound: 'at most', value: 1.05 } as const;
const CPU_AIM = { bound: 'at most', value: 1.35 } as const;
const MEMORY_AIM = { bound: 'at most', value: 100_000 } as const;

/** What a run of the real Codex with one response takes, metered and not. */
export async function benchCodex(workspace: Workspace, rounds = 15): Promise<Section> {
  const codex = await openScriptedCodex(workspace);
  try {
    const native = resolveProgram(CODEX, workspace.env);
    const probe = createProbe(workspace);
    const peaksKb: number[] = [];
    const metered = async () => {
      const env = { ...probe.env, CODEX_METERED_CODEX: CODEX };
      const run = await codex.time([process.execPath, METERED], 'at once', env);
      const [front, meter] = [probe.read(), probe.readMeter()];
      peaksKb.push(front.peakMemoryKb + meter.peakMemoryKb);
      // Nobody waits for the meter, so that the shell does not count it.
      return { ...run, cpuMs: run.cpuMs + meter.cpuMs };
    };
    const measured = await measureInTurns(
      {
        "npm's codex": () => codex.time([CODEX], 'at once', probe.env),
        metered,
        'native codex': () => codex.time([native.path], 'at once', native.env),
      },
      { rounds, warmUps: WARM_UPS },
    );
    expectExactRecords(workspace, rounds + WARM_UPS);
    const compare = (over: Name, under: Name, figure: keyof Timing) =>
      measured.quotients((round) => round[over][figure] / round[under][figure]);
    return {
      name: 'codex',
      about: 'The real Codex as npm installs it, one response from an API on this machine that answers at once.',
      rounds,
      columns: measured.columns,
      ratios: [
        summariseRatios("metered / npm's codex", compare('metered', "npm's codex", 'ms'), AIM),
        summariseRatios('metered / native codex', compare('metered', 'native codex', 'ms')),
        summariseRatios("native codex / npm's codex", compare('native codex', "npm's codex", 'ms')),
        summariseRatios("CPU time, metered / npm's codex", compare('metered', "npm's codex", 'cpuMs'), CPU_AIM),
      ],
      figures: [
        { name: 'peak memory, front and meter together', value: medianOf(peaksKb), unit: 'kB', aim: MEMORY_AIM },
      ],
    };
  } finally {
    codex.close();
  }
}

type Name = "npm's codex" | 'metered' | 'native codex';
