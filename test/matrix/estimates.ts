import { recordOf } from '../harness/record.js';
import { countAnswer, countRequest } from '../harness/tokens.js';
import { openWorkbench } from '../harness/workbench.js';
import type { Reply, Scenario } from '../scripted-api/script.js';
import { inTwoLanes } from './lanes.js';
import { runCommand } from './script.js';
import { deviation, percent, TOLERANCE } from './verdict.js';

const LONGEST_LOOP = 10;

/** How far the estimates of one release are from the tokens of the requests and answers, over all its loops. */
export interface EstimateErrors {
  readonly input: string;
  readonly output: string;
  readonly good: boolean;
}

/**
 * Runs loops of 1 to 10 responses whose usage is withheld, and compares the sums of each loop with an o200k count of the
 * requests that the API received and of what it answered.
 */
export async function measureEstimates(codex: string): Promise<EstimateErrors> {
  const lengths = Array.from({ length: LONGEST_LOOP }, (_, index) => index + 1);
  const loops = await inTwoLanes(lengths, (length) => measureLoop(codex, length));
  const inputs = loops.map(({ input }) => input);
  const outputs = loops.map(({ output }) => output);
  const good = [...inputs, ...outputs].every((error) => Math.abs(error) <= TOLERANCE);
  return { input: range(inputs), output: range(outputs), good };
}

async function measureLoop(codex: string, length: number): Promise<{ input: number; output: number }> {
  const bench = await openWorkbench(loopOf(length));
  try {
    const run = await bench.run(['exec', '--json', 'count the shelves'], { codex });
    const { responses } = recordOf(bench, run);
    const { requests } = bench.api;
    if (requests.length !== length || responses.some(({ source }) => source !== 'estimated')) {
      throw new Error(`a loop of ${length} made ${requests.length} requests and ${responses.length} responses`);
    }
    const total = (of: (part: (typeof responses)[number]) => number) =>
      responses.reduce((sum, part) => sum + of(part), 0);
    const truth = (of: typeof countRequest) => requests.reduce((sum, request) => sum + of(request), 0);
    return {
      input: deviation(
        total(({ input }) => input),
        truth(countRequest),
      ),
      output: deviation(
        total(({ output }) => output),
        truth(countAnswer),
      ),
    };
  } finally {
    await bench.close();
  }
}

/** Answers of all kinds: thoughts, one call or three, long and short output of tools, words before a call. */
function loopOf(length: number): Scenario {
  const steps: readonly Reply[] = [
    { reasoning: 'I will count first, then look.', calls: (_, tools) => [runCommand('seq 1 300', tools)] },
    {
      message: 'Three calls at once.',
      calls: (_, tools) => ['echo one', 'echo two', 'ls -la'].map((cmd) => runCommand(cmd, tools)),
    },
    { calls: (_, tools) => [runCommand('printf "%0500d" 7', tools)] },
  ];
  const calls = Array.from({ length: length - 1 }, (_, index) => steps[index % steps.length] as Reply);
  const last: Reply = { message: 'All is said and done: the shelves were counted, listed and padded with zeros.' };
  return { prompt: 'count the shelves', replies: [...calls, last].map((reply) => ({ ...reply, usage: null })) };
}

function range(errors: readonly number[]): string {
  const [least, most] = [percent(Math.min(...errors)), percent(Math.max(...errors))];
  return least === most ? least : `${least} to ${most}`;
}
