import { openDatabase } from '../src/store/driver.js';
import { type Figure, quantileOf, type Section } from './figures.js';
import { openScriptedCodex } from './scripted-codex.js';
import { CODEX, METERED, type Workspace } from './workspace.js';

/** What bench/api.ts answers a loop with. */
const RESPONSES = 30;
const AIM = { bound: 'at most', value: 100 } as const;

/** How long it takes from Codex's record of a response, by its own timestamp, to the row in the database. */
export async function benchLive(workspace: Workspace, rounds = 5): Promise<Section> {
  const codex = await openScriptedCodex(workspace);
  try {
    for (let round = 0; round < rounds; round++) {
      await codex.time([process.execPath, METERED], 'in a loop', { CODEX_METERED_CODEX: CODEX });
    }
    const delaysMs = readDelays(workspace);
    if (delaysMs.length !== rounds * RESPONSES) {
      throw new Error(`${delaysMs.length} responses are recorded, not ${rounds * RESPONSES}`);
    }
    const figure = (name: string, value: number): Figure => ({ name, value, unit: 'ms' });
    return {
      name: 'live',
      about: `The real Codex in loops of ${RESPONSES} responses: from its record of a response to the row.`,
      rounds,
      columns: [],
      ratios: [],
      figures: [
        figure('p50', quantileOf(delaysMs, 0.5)),
        { ...figure('p95', quantileOf(delaysMs, 0.95)), aim: AIM },
        figure('max', Math.max(...delaysMs)),
      ],
    };
  } finally {
    codex.close();
  }
}

/** Both times are of one clock, in whole milliseconds; the row's is taken within its transaction. */
function readDelays({ database }: Workspace): number[] {
  const connection = openDatabase(database, { readonly: true });
  try {
    return connection.prepare<[], number>('SELECT recorded_at_ms - completed_at_ms FROM responses').pluck().all();
  } finally {
    connection.close();
  }
}
