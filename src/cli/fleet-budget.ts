import { passwordOf } from '../config/fleet.js';
import { listLimits, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import { createCalendar, findPeriod } from '../report/calendar.js';
import { isBudgetPeriod, NOTHING_SPENT, type Period, type Spent } from '../usage/budget.js';
import { isOtlp } from '../usage/fleet-target.js';

/** How long a run may wait for a fleet's answer before it starts. */
const PATIENCE_MS = 300;

/** What a fleet has spent in a project, as it was when a run began. */
export interface FleetSpending {
  /** What others than this machine have spent, as far as the fleet knows; `local` is what this one has recorded of all invocations. */
  beyond(period: Period, local: Spent): Spent;
  /** Why the fleet has not answered, so that this machine alone counts. */
  readonly problem: string | undefined;
}

/**
 * Asks the first target of the fleet what was spent in a project in the periods of limits with `scope = "fleet"`. Undefined where there is no
 * such limit: then nothing is loaded. Never rejects.
 */
export async function askFleet(
  settings: Settings,
  projectId: string,
  { env, atMs }: { readonly env: NodeJS.ProcessEnv; readonly atMs: number },
): Promise<FleetSpending | undefined> {
  const scopes = new Set(listLimits(settings).flatMap(({ scope, of }) => (of && isBudgetPeriod(scope) ? scope : [])));
  if (scopes.size === 0) return undefined;
  const calendar = createCalendar(settings.timeZone.value);
  const periods = [...scopes].map((scope) => findPeriod(calendar, scope, atMs));
  const answer = await ask(settings, env, projectId, periods);
  if (typeof answer === 'string') return { beyond: () => NOTHING_SPENT, problem: answer };
  const known = new Map(periods.map(({ startMs }, index) => [startMs, answer[index]]));
  const extra = new Map<number, Spent>();
  return {
    problem: undefined,
    beyond({ startMs }, local) {
      // What this machine records from now on comes on top; what it had recorded before is in both figures, once it was pushed.
      const before = extra.get(startMs) ?? subtract(known.get(startMs) ?? NOTHING_SPENT, local);
      extra.set(startMs, before);
      return before;
    },
  };
}

async function ask(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  projectId: string,
  periods: readonly Period[],
): Promise<readonly Spent[] | string> {
  const target = settings.fleet.find(({ value }) => !isOtlp(value))?.value;
  if (!target) return 'no target of the fleet is set';
  try {
    const { askFleetSpent } = await import('../fleet/fleet.js');
    const password = passwordOf(target, settings.fleet, env);
    return await askFleetSpent(target, { env, password, projectId, periods, patienceMs: PATIENCE_MS });
  } catch (error) {
    return messageOf(error);
  }
}

/** At least nothing: what this machine has not pushed yet is more than the fleet knows. */
function subtract(all: Spent, part: Spent): Spent {
  return {
    nanoUsd: Math.max(0, all.nanoUsd - part.nanoUsd),
    tokens: Math.max(0, all.tokens - part.tokens),
    unpricedResponses: Math.max(0, all.unpricedResponses - part.unpricedResponses),
    inexactResponses: Math.max(0, all.inexactResponses - part.inexactResponses),
  };
}
