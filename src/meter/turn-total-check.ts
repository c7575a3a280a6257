import type { Note } from '../usage/record.js';
import { equalUsage, isNoUsage, sumUsage, type Usage } from '../usage/usage.js';
import type { FollowedFile } from './followed-file.js';
import type { OutputFacts } from './output-reader.js';

/**
 * Holds Codex's last `turn.completed` against the root thread's session file. It must be what the thread's turns of
 * this invocation used, or the total of the thread's whole life (resume since 0.80); zeros are no claim (`exec
 * review`, a provider without usage). Anything else is noted as a disagreement; the session file's figures stand.
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

/** Counters that the stream of an older Codex did not have are zero there: they are not compared. */
function equalOnBothSides(counted: Usage, claimed: Usage): boolean {
  const known = {
    ...counted,
    cacheWrite: claimed.cacheWrite === 0 ? 0 : counted.cacheWrite,
    reasoning: claimed.reasoning === 0 ? 0 : counted.reasoning,
  };
  return equalUsage(known, claimed);
}
