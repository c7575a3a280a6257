import { execa } from 'execa';
import { installCcusage } from '../harness/ccusage.js';
import { readResponses } from '../harness/record.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { expectedOf, homesOf, type Scene } from './imports.js';
import { deviation, percent } from './verdict.js';

/** How far from what the API reported each of them is, in tokens of input and output together. */
export interface Comparison {
  /** codex-metered's record of the live run, after an import of the same session files. */
  readonly ours: string;
  /** ccusage's native program, which reads the session files; undefined where npm has none. */
  readonly ccusage: string | undefined;
}

/** What codex-metered has recorded and what ccusage makes of the session files, against the ledger. */
export async function compareSideBySide(scene: Scene): Promise<Comparison> {
  const { bench } = scene;
  const { input, output } = sumLedger(expectedOf(scene));
  const describe = (tokens: number) => percent(deviation(tokens, input + output));
  const ours = sumLedger(readResponses(bench.database).map((usage) => ({ usage })));
  const theirs = await askCcusage(bench.env, homesOf(bench));
  return {
    ours: describe(ours.input + ours.output),
    ccusage: theirs === undefined ? undefined : describe(theirs),
  };
}

/** Undefined where it could not be installed. */
async function askCcusage(env: NodeJS.ProcessEnv, homes: readonly string[]): Promise<number | undefined> {
  const program = await installCcusage();
  if (program === undefined) return undefined;
  const { stdout } = await execa(program, ['codex', 'daily', '--json', '--offline'], {
    extendEnv: false,
    env: { ...env, CODEX_HOME: homes.join(',') } as Record<string, string>,
  });
  const { totals } = JSON.parse(stdout) as { totals: { totalTokens: number } | null };
  return totals?.totalTokens ?? 0;
}
