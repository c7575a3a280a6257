import { parseLabels } from '../usage/fleet-target.js';
import type { InvocationSurroundings } from '../usage/surroundings.js';
import { recogniseCi } from './ci-tags.js';

type Env = Readonly<Record<string, string | undefined>>;

/** More of them than a target is sent, so that its own settings can choose; but no more than a record should hold. */
const MOST_KEPT = 16;
const LONGEST = 256;
/** Attributes that say which program or machine something is of: not labels of the work. */
const OF_THE_MACHINE = /^(?:service|telemetry|process|host|os|container|k8s|cloud|device)\./;

/** Reads who and what an invocation is started by. Undefined where the environment says nothing of it. */
export function readSurroundings(env: Env): InvocationSurroundings | undefined {
  const found = recogniseCi(env);
  const user = env.CODEX_METERED_USER || found?.actor;
  const labels = readLabels(env);
  if (!user && !found && labels === undefined) return undefined;
  return {
    ...(user && { user: user.slice(0, LONGEST) }),
    ...(found && { ci: found.job }),
    ...(labels && { labels }),
  };
}

function readLabels(env: Env): Record<string, string> | undefined {
  const inherited = parseLabels(env.OTEL_RESOURCE_ATTRIBUTES ?? '');
  const ofTheWork = Object.entries(inherited).filter(([key]) => !OF_THE_MACHINE.test(key));
  const all = Object.entries({ ...Object.fromEntries(ofTheWork), ...parseLabels(env.CODEX_METERED_LABELS ?? '') });
  const kept = all.filter(([key, value]) => key.length <= LONGEST && value.length <= LONGEST).slice(-MOST_KEPT);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
