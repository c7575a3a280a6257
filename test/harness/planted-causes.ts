import type { Workbench } from './workbench.js';

/** Three reviews in one thread. The third finds nothing of it in the cache: 21,000 tokens are billed as new. */
const REVIEWS = [
  { input: 20_000, cached: 0, output: 100 },
  { input: 21_000, cached: 19_968, output: 100 },
  { input: 22_000, cached: 0, output: 100 },
];
/** What the cache miss of the third review cost with gpt-5.3-codex: $1.75 per million tokens of input, $0.175 from the cache. */
export const MISSED_NANO_USD = 21_000 * (1750 - 175);

/** Runs real Codex as the reviewer of the run `loop`, three iterations of it. */
export async function reviewInOneThread(bench: Workbench): Promise<void> {
  for (const [index, usage] of REVIEWS.entries()) {
    bench.api.add({ prompt: `review ${index}`, replies: [{ message: 'Done.', usage }] });
    const exec = index === 0 ? ['exec', '--json'] : ['exec', 'resume', '--last', '--json'];
    const meter = ['--meter-run-id', 'loop', '--meter-phase', 'reviewer', '--meter-iteration', `${index + 1}`];
    await bench.run([...exec, `review ${index}`], { meter });
  }
}
