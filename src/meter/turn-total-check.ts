import type { Note } from '../usage/record.js';
import { equalUsage, isNoUsage, sumUsage, type Usage } from '../usage/usage.js';
import type { FollowedFile } from './followed-file.js';
import type { OutputFacts } from './output-reader.js';

/**
 * Compares Codex's last `turn.completed` with the root thread's session file. It must equal what the thread's turns of this
 * invocation used, or the total of the thread's whole life (resume since 0.80). Zeros are not compared (`exec review`, a
 * provider without usage). Any other difference is noted as a disagreement; the session file's figures are recorded.
 */
export function checkTurnTotal(facts: OutputFacts, root: FollowedFile | undefined): Note[] {
  const claimed = facts.turnTotals.at(-1);
  if (!root || !claimed || isNoUsage(claimed)) return [];
  const counted = sumUsage(root.thread.responses.map(({ usage }) => usage));
  const plausible: readonly Usage[] = [counted, ...root.thread.totals];
  if (plausible.some((usage) => equalOnBothSides(usage, claimed))) return [];
  return [
    {
      kind: 'disagreement',
      reason: 'turn.completed differs from the session file, which is what is recorded',
      figures: {
        claimedInput: claimed.input,
        claimedOutput: claimed.output,
        countedInput: counted.input,
        countedOutput: counted.output,
      },
    },
  ];
}

/** Leaves out counters that are zero in the stream: an older Codex does not report them there. */
function equalOnBothSides(counted: Usage, claimed: Usage): boolean {
  const known = {
    ...counted,
    cacheWrite: claimed.cacheWrite === 0 ? 0 : counted.cacheWrite,
    reasoning: claimed.reasoning === 0 ? 0 : counted.reasoning,
  };
  return equalUsage(known, claimed);
}
