import type { Note } from '../usage/record.js';
import { equalUsage, isNoUsage, keepReported, sumUsage, type Usage } from '../usage/usage.js';
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
  if (plausible.some((usage) => equalUsage(keepReported(usage, claimed, 'codex'), claimed))) return [];
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
