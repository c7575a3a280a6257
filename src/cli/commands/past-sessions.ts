import { AGENT_IDS, AGENTS, findHomes } from '../../agents/registry.js';
import { findHistoryFiles } from '../../history/discovery.js';
import { formatCount, formatPlural } from '../../report/amounts.js';

/**
 * Says how many past sessions lie on this machine and which command shows them, for a report of what was metered that has
 * nothing to show. Returns undefined when there are none.
 */
export async function describePastSessions(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { files } = await findHistoryFiles(findHomes(env));
  if (files.length === 0) return undefined;
  const counts = AGENT_IDS.flatMap((id) => {
    const count = files.filter(({ provider }) => provider === id).length;
    return count === 0 ? [] : `${formatCount(count)} of ${AGENTS[id].label}`;
  });
  return `There are ${formatPlural(files.length, 'past session')} on this machine (${counts.join(', ')}): codex-usage daily shows what they cost.`;
}
