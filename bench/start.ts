import { openDatabase } from '../src/store/driver.js';
import { makeSilentFake, makeTalkingFake } from './fakes.js';
import { type Section, summariseRatios } from './figures.js';
import { measureInTurns, type Timing } from './rounds.js';
import { METERED, type Workspace } from './workspace.js';

/** The model has a price of our own: to look for another one's is not what a run usually does. */
const ARGS = ['exec', '--json', '--model', 'gpt-5.3-codex', 'say hello'];
const WARM_UPS = 3;

/** What the metering adds to a Codex that takes no time itself. */
export async function benchStart(workspace: Workspace, rounds = 25): Promise<Section> {
  const silent = makeSilentFake(workspace.folder);
  const talking = makeTalkingFake(workspace.folder);
  const time = (command: readonly string[], fake?: string) =>
    workspace.time(command, { env: { CODEX_METERED_CODEX: fake } });
  const metered = (fake: string) => () => time([process.execPath, METERED, ...ARGS], fake);

  const measured = await measureInTurns(
    {
      'node -e 0': () => time([process.execPath, '-e', '0']),
      'silent, direct': () => time([silent, ...ARGS]),
      'silent, metered': metered(silent),
      'talking, direct': () => time([talking, ...ARGS]),
      'talking, metered': metered(talking),
    },
    { rounds, warmUps: WARM_UPS },
  );
  const runs = rounds + WARM_UPS;
  expectRecorded(workspace, { invocations: 2 * runs, responses: runs });
  const aim = { bound: 'at most', value: 2 } as const;
  return {
    name: 'start',
    about: 'A fake Codex that is done at once: what the metering adds, as a multiple of what Node itself takes.',
    rounds,
    columns: measured.columns,
    ratios: [
      summariseRatios(
        'added to the silent one / node -e 0',
        measured.quotients((round) => divideAdded(round, 'silent')),
        aim,
      ),
      summariseRatios(
        'added to the talking one / node -e 0',
        measured.quotients((round) => divideAdded(round, 'talking')),
        aim,
      ),
    ],
    figures: [],
  };
}

type Round = Readonly<Record<'node -e 0' | `${Fake}, ${'direct' | 'metered'}`, Timing>>;
type Fake = 'silent' | 'talking';

function divideAdded(round: Round, fake: Fake): number {
  return (round[`${fake}, metered`].ms - round[`${fake}, direct`].ms) / round['node -e 0'].ms;
}

/** A fast run that recorded nothing would prove nothing. */
function expectRecorded({ database }: Workspace, wanted: { invocations: number; responses: number }): void {
  const connection = openDatabase(database, { readonly: true });
  const count = (table: string) => connection.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  const recorded = { invocations: count('invocations'), responses: count('responses') };
  connection.close();
  if (JSON.stringify(recorded) === JSON.stringify(wanted)) return;
  throw new Error(`Recorded were ${JSON.stringify(recorded)}, not ${JSON.stringify(wanted)}`);
}
