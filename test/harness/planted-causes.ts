import { answer, type ReportedUsage, turn } from '../scripted-api/script.js';
import type { Workbench } from './workbench.js';

/** Three reviews in one thread. The third finds nothing of it in the cache: 21,000 tokens are billed as new. */
const REVIEWS = [
  { input: 20_000, cached: 0, output: 100 },
  { input: 21_000, cached: 19_968, output: 100 },
  { input: 22_000, cached: 0, output: 100 },
];
/** What the cache miss of the third review cost with gpt-5.3-codex: $1.75 per million tokens of input, $0.175 from the cache. */
export const MISSED_NANO_USD = 21_000 * (1750 - 175);

/**
 * Runs real Codex as the reviewer of the run `loop`, three iterations of it. With `build` a builder works before each review, in
 * a thread of its own that uses what `build` returns.
 */
export async function reviewInOneThread(bench: Workbench, build?: (iteration: number) => ReportedUsage): Promise<void> {
  let threadId: string | undefined;
  for (const [index, usage] of REVIEWS.entries()) {
    const iteration = index + 1;
    const run = (phase: string, used: ReportedUsage, resume: readonly string[] = []) => {
      bench.api.add(turn(`${phase} ${iteration}`, answer('Done.', used)));
      const meter = ['--meter-run-id', 'loop', '--meter-phase', phase, '--meter-iteration', `${iteration}`];
      return bench.run(['exec', ...resume, '--json', `${phase} ${iteration}`], { meter });
    };
    if (build) await run('builder', build(iteration));
    const { ledger } = await run('reviewer', usage, threadId === undefined ? [] : ['resume', threadId]);
    threadId ??= ledger[0]?.threadId;
  }
}
