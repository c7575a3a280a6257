import { hostname } from 'node:os';
import manifest from '../../../package.json' with { type: 'json' };
import { CONFIG_FILE_NAME, listConfigLocations } from '../../config/find-files.js';
import { passwordOf } from '../../config/fleet.js';
import type { Settings } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import type { PushSource } from '../../fleet/job.js';
import { recogniseCi } from '../../meter/ci-tags.js';
import type { TargetStatus } from '../../report/fleet-text.js';
import type { Connection } from '../../store/open.js';
import { type Backlog, listTargets, readBacklog, readUnsent } from '../../store/outbox.js';
import { listSetAside } from '../../store/set-aside.js';
import { type FleetTarget, isOtlp, showFleetUrl } from '../../usage/fleet-target.js';
import type { Host, HostSettings } from './host.js';

/** The targets that are meant: the one that is named, or all. Throws a UsageError where there is none. */
export function chooseTargets(name: string | undefined, { settings, places, fault }: HostSettings): FleetTarget[] {
  if (fault) throw fault;
  const targets = settings.fleet.map(({ value }) => value);
  const chosen = name === undefined ? targets : targets.filter((target) => target.name === name);
  if (chosen.length > 0) return chosen;
  if (targets.length > 0) {
    throw new UsageError(`There is no target "${name}": set are ${targets.map((target) => target.name).join(', ')}.`);
  }
  const file = listConfigLocations(places).find(({ origin }) => origin === 'user file');
  throw new UsageError(
    `No target of the fleet is set: write a table [fleet.work] with url = "postgres://…" into ${file?.path ?? CONFIG_FILE_NAME}, ` +
      'or set CODEX_METERED_FLEET_URL (docs/fleet.md).',
  );
}

/** The PostgreSQL that is meant: the target that is named, or the only one. `what` is what is to be done there. Throws a UsageError. */
export function choosePostgres(name: string | undefined, settings: HostSettings, what: string): FleetTarget {
  const chosen = chooseTargets(name, settings);
  const [target, ...others] = chosen.filter((one) => !isOtlp(one));
  if (target && others.length === 0) return target;
  const names = chosen.map((one) => one.name).join(', ');
  throw new UsageError(
    target
      ? `Several targets are set: say which of ${names} to ${what}.`
      : `There is no PostgreSQL to ${what}: ${names} is an OTLP endpoint, which is only sent to.`,
  );
}

/** What a push needs to know of this process. */
export function describeSource(
  { env }: Pick<Host, 'env'>,
  { settings, paths }: Pick<HostSettings, 'settings' | 'paths'>,
): Omit<PushSource, 'connection'> {
  return {
    ...{ env, database: paths.database, host: hostname(), version: manifest.version },
    isCi: recogniseCi(env) !== undefined,
    passwordOf: (target) => passwordOf(target, settings.fleet, env),
  };
}

/** What is known of each target that is set, or that was. `connection` is undefined while nothing is recorded. */
export function listStatuses(connection: Connection | undefined, { fleet }: Pick<Settings, 'fleet'>): TargetStatus[] {
  const known = connection ? listTargets(connection) : [];
  const setAside = connection ? listSetAside(connection) : [];
  const names = new Set([...fleet.map(({ value }) => value.name), ...known.map(({ name }) => name)]);
  return [...names].map((name) => {
    const target = known.find((one) => one.name === name);
    const url = fleet.find(({ value }) => value.name === name)?.value.url;
    return {
      ...{ name, known: target, setAside: setAside.filter((row) => row.target === name) },
      url: url === undefined ? undefined : showFleetUrl(url),
      backlog: connection ? (target ? readBacklog(connection, target) : readUnsent(connection)) : NOTHING,
    };
  });
}

const NOTHING: Backlog = { entries: 0, sinceMs: null };

/** Aborted when this process is asked to end. To be called once in a process. */
export function stopSignal({ host }: { readonly host: Pick<Host, 'untilStopped'> }): AbortSignal {
  const stopped = new AbortController();
  void host.untilStopped().then(() => stopped.abort());
  return stopped.signal;
}
