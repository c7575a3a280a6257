import { DELEGATION, REVIEWED_COMMAND } from './agents.js';
import { answer, FAILURE, type Scenario, shell, turn, UNFINISHED } from './script.js';

/** A turn of two responses: the model calls a command, and then ends with `message`. */
export function callThenAnswer(prompt: Scenario['prompt'], message: string): Scenario {
  return turn(
    prompt,
    shell('echo one', { input: 5000, cached: 256, output: 70, reasoning: 11 }),
    answer(message, { input: 5900, cached: 5376, cacheWrite: 128, output: 33 }),
  );
}

export const LOOP = callThenAnswer('loop', 'Done.');
export const SHELVES = callThenAnswer('shelves', 'Three shelves.');

/** What a model answers that was asked for a review and finds nothing. */
export const NO_FINDINGS =
  '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}';

/** What the API answers to prompts that many tests use. */
export const SCRIPT = [
  ...REVIEWED_COMMAND,
  turn('greet', answer('Hello.', { input: 5200, cached: 1100, output: 90, reasoning: 40 }, { reasoning: 'Short.' })),
  turn(
    'remember',
    shell('echo one', { input: 5000, cacheWrite: 4000, output: 70 }),
    answer('Done.', { input: 5900, cached: 4000, cacheWrite: 128, output: 33 }),
  ),
  turn(
    'loop',
    shell('echo one', { input: 5000, cached: 256, output: 70, reasoning: 11 }),
    shell(['echo one', 'ls'], { input: 5400, cached: 4992, output: 61 }),
    answer('Done.', { input: 5900, cached: 5376, output: 33 }),
  ),
  turn(
    /review/i,
    shell('echo one', { input: 3000, cached: 12, output: 41 }),
    answer(NO_FINDINGS, { input: 3300, cached: 2900, output: 77 }),
  ),
  turn('fail', shell('echo one', { input: 700, cached: 3, output: 7 }), FAILURE),
  turn(
    'cut',
    shell('echo one', { input: 2000, output: 12 }),
    { message: 'Part', cut: true },
    answer('Whole.', { input: 2500, cached: 2048, output: 21 }),
  ),
  turn('endless', shell('echo one', { input: 4100, cached: 77, output: 52 }), UNFINISHED),
  turn(/summary of its thinking process/, answer('Done.', { input: 1200, output: 15 })),
  ...DELEGATION,
] as const;
