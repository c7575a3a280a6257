import { createFleet, endPushes, type Fleet } from '../test/fleet/fleet.js';
import { NO_POSTGRES, startPostgres } from '../test/fleet/postgres-server.js';
import { waitFor } from '../test/harness/wait.js';
import { type Section, summariseRatios } from './figures.js';
import { measureInTurns } from './rounds.js';
import { expectExactRecords, openScriptedCodex } from './scripted-codex.js';
import { CODEX, METERED, type Workspace } from './workspace.js';

const WARM_UPS = 1;
const AIM = { bound: 'at most', value: 1.05 } as const;

/** What a target of the fleet adds to a metered run of the real Codex: its push runs beside it, and nobody waits for that. */
export async function benchTarget(workspace: Workspace, rounds = 11): Promise<Section> {
  if (NO_POSTGRES !== undefined) throw new Error(`the section target ${NO_POSTGRES}`);
  const server = await startPostgres();
  const codex = await openScriptedCodex(workspace);
  try {
    const fleet = await createFleet(server);
    let runs = 0;
    const metered = async (url?: string) => {
      const env = { CODEX_METERED_CODEX: CODEX, CODEX_METERED_FLEET_URL: url };
      const run = await codex.time([process.execPath, METERED], 'at once', env);
      runs++;
      if (url === undefined) return run;
      // Its push goes on, with what the runs without a target have recorded, and would disturb what is measured next.
      await waitFor('the runs in the fleet', async () => (await countCompleted(fleet)) === runs);
      await endPushes(workspace.folder);
      return run;
    };
    const measured = await measureInTurns(
      {
        'without a target': () => metered(),
        'with a target': () => metered(fleet.url),
        'without one again': () => metered(),
      },
      { rounds, warmUps: WARM_UPS },
    );
    expectExactRecords(workspace, 3 * (rounds + WARM_UPS));
    const compare = (name: 'with a target' | 'without one again') =>
      measured.quotients((round) => round[name].ms / round['without a target'].ms);
    return {
      name: 'target',
      about: `The real Codex, metered, with ${server.engine.name} on this machine as a target: what its caller waits for its end.`,
      rounds,
      columns: measured.columns,
      ratios: [
        summariseRatios('with a target / without', compare('with a target'), AIM),
        summariseRatios('noise: without a target / without', compare('without one again')),
      ],
      figures: [],
    };
  } finally {
    codex.close();
    await endPushes(workspace.folder);
    await server.stop();
  }
}

async function countCompleted(fleet: Fleet): Promise<number | undefined> {
  const [known] = await fleet.read<{ n: number }>(
    "SELECT count(*)::int AS n FROM invocations WHERE status = 'completed'",
  );
  return known?.n;
}
