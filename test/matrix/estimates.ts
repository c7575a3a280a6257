import { recordOf } from '../harness/record.js';
import { countAnswer, countRequest } from '../harness/tokens.js';
import { openWorkbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { type Reply, type Scenario, shell, turn } from '../scripted-api/script.js';
import { inTwoLanes } from './lanes.js';
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
    const truth = (of: typeof countRequest) => requests.reduce((sum, request) => sum + of(request), 0);
    const { input, output } = sumLedger(responses.map((usage) => ({ usage })));
    return { input: deviation(input, truth(countRequest)), output: deviation(output, truth(countAnswer)) };
  } finally {
    await bench.close();
  }
}

/** Answers of all kinds: thoughts, one call or three, long and short output of tools, words before a call. */
function loopOf(length: number): Scenario {
  const steps: readonly Reply[] = [
    { reasoning: 'I will count first, then look.', ...shell('seq 1 300') },
    {
      message: 'Three calls at once.',
      ...shell(['echo one', 'echo two', 'ls -la']),
    },
    shell('printf "%0500d" 7'),
  ];
  const calls = Array.from({ length: length - 1 }, (_, index) => steps[index % steps.length] as Reply);
  const last: Reply = { message: 'All is said and done: the shelves were counted, listed and padded with zeros.' };
  return turn('count the shelves', ...[...calls, last].map((reply) => ({ ...reply, usage: null })));
}

function range(errors: readonly number[]): string {
  const [least, most] = [percent(Math.min(...errors)), percent(Math.max(...errors))];
  return least === most ? least : `${least} to ${most}`;
}
