import { type Section, summariseRatios } from './figures.js';
import { createProbe } from './probe.js';
import { measureInTurns } from './rounds.js';
import { openScriptedCodex } from './scripted-codex.js';
import { CODEX, METERED, type Workspace } from './workspace.js';

/** What front and meter take while Codex does nothing but wait for the API, as most of a real run is. */
export async function benchWait(workspace: Workspace, rounds = 5): Promise<Section> {
  const codex = await openScriptedCodex(workspace);
  const probe = createProbe(workspace);
  const metered = async (answer: 'at once' | 'in 5 s') => {
    const env = { ...probe.env, CODEX_METERED_CODEX: CODEX };
    const { ms } = await codex.time([process.execPath, METERED], answer, env);
    return { ms, cpuMs: probe.read().cpuMs + probe.readMeter().cpuMs };
  };
  try {
    const measured = await measureInTurns(
      { 'answer at once': () => metered('at once'), 'answer in 5 s': () => metered('in 5 s') },
      { rounds, warmUps: 1 },
    );
    return {
      name: 'wait',
      about: 'The real Codex, metered, waits for its response.',
      rounds,
      columns: measured.columns,
      ratios: [
        summariseRatios(
          'CPU time of front and meter / time waited',
          measured.quotients(
            ({ 'answer at once': short, 'answer in 5 s': long }) => (long.cpuMs - short.cpuMs) / (long.ms - short.ms),
          ),
        ),
      ],
      figures: [],
    };
  } finally {
    codex.close();
  }
}
