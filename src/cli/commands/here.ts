import { hostname, userInfo } from 'node:os';
import type { Settings } from '../../config/settings.js';
import type { PeriodKind } from '../../report/period-range.js';
import { parseLabels } from '../../usage/fleet-target.js';
import type { Host } from './host.js';

/** Whose the usage of this machine is, where nothing else is recorded of it. */
export function nameHere(kind: PeriodKind | 'blocks', { env }: Host, { fleet }: Settings): string | undefined {
  const target = fleet[0]?.value;
  switch (kind) {
    case 'user':
      return env.CODEX_METERED_USER || target?.user || readAccountName();
    case 'machine':
      return hostname();
    case 'team':
      return target?.labels.team ?? parseLabels(env.CODEX_METERED_LABELS ?? '').team;
    default:
      return undefined;
  }
}

function readAccountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // In containers a process can be of a user without an entry.
    return undefined;
  }
}
