import { messageOf, StoreError, UsageError } from '../../errors.js';
import type { TargetAccess } from '../../fleet/connection.js';
import type { FleetSchema } from '../../fleet/postgres/init.js';
import { cleanText, formatPlural } from '../../report/amounts.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { parseFleetUrl } from '../../usage/fleet-target.js';
import { choosePostgres, describeSource } from './fleet-targets.js';
import type { Host, HostSettings } from './host.js';
import { formatJson } from './show.js';

const DAY_MS = 86_400_000;

/** What an administrator asks of the server of a target. */
export interface AdminCall extends HostSettings {
  readonly host: Host;
  /** A target that is set, or the URL of a PostgreSQL; undefined: the one that is set. */
  readonly target: string | undefined;
  readonly json: boolean;
  /** Whether it takes a role that may read, which a target can have one of its own for. */
  readonly reads?: boolean;
}

/** Makes the schema of a fleet, or brings it up to date, and prints the roles to grant. Returns the exit code. */
export function initServer(call: AdminCall): Promise<number> {
  return withServer(call, async (client, { initFleet, suggestRoles }, { name, database }) => {
    const schema = await initFleet(client);
    const { before, version, partitions, roles } = schema;
    const sql = suggestRoles(database);
    return call.json
      ? formatJson({ ...head('fleet-init', name), before, version, partitions, roles, sql })
      : `${name}: ${describeSchema(schema)}\n\n${describeRoles(schema, sql)}`;
  });
}

/** Lists the invocations whose end never came, as a role that may read. Returns the exit code: 1 where there are any. */
export async function showLost(call: AdminCall): Promise<number> {
  let isAny = false;
  const exitCode = await withServer({ ...call, reads: true }, async (client, { listMissing }, { name }) => {
    const { invocations, quietMachines } = await listMissing(client);
    isAny = invocations.length > 0;
    if (call.json) return formatJson({ ...head('fleet-lost', name), invocations, quietMachines });
    const lines = invocations.map(({ project, run, phase, user, host, startedAt, lastSeen }) => {
      const [started, seen] = [startedAt, lastSeen].map((time) => `${time.toISOString().slice(0, 16)}Z`);
      return `  ${cleanText(`${project}, ${run}, ${phase}: ${user} on ${host}`)}, started ${started}, last heard of ${seen}\n`;
    });
    const lost = `${formatPlural(invocations.length, 'invocation')} lost`;
    const quiet = `${formatPlural(quietMachines, 'machine')} quiet for an hour or longer`;
    return `${name}: ${lost}, ${quiet}.\n${lines.join('')}`;
  });
  return exitCode === 0 && isAny ? 1 : exitCode;
}

/** Takes a user's name out of the record of a fleet. Returns the exit code. */
export function forgetOnServer(call: AdminCall & { readonly user: string; readonly dryRun: boolean }): Promise<number> {
  return withServer(call, async (client, { forgetUser }, { name }) => {
    const { user, dryRun } = call;
    const { invocations, machines } = await forgetUser(client, user, { dryRun });
    if (call.json) return formatJson({ ...head('fleet-forget', name), user, invocations, machines, dryRun });
    const what = `${formatPlural(invocations, 'invocation')} and ${formatPlural(machines, 'machine')}`;
    return dryRun
      ? `${name}: would take the name ${user} from ${what}. What was spent stays, under forgotten.\n`
      : `${name}: ${user} is forgotten, with ${what}. What was spent stays, under forgotten.\n` +
          'A machine that still pushes as that user brings the name back: change "user" of its target first.\n' +
          "The server's backups hold the name for as long as they are kept.\n";
  });
}

/** Takes away the single responses of old months. Returns the exit code. */
export function pruneServer(call: AdminCall & { readonly days: number; readonly dryRun: boolean }): Promise<number> {
  return withServer(call, async (client, { pruneFleet }, { name }) => {
    const { days, dryRun } = call;
    const pruned = await pruneFleet(client, new Date(Date.now() - days * DAY_MS), { dryRun });
    const { partitions, deleted, keptFrom } = pruned;
    if (call.json)
      return formatJson({ ...head('fleet-prune', name), partitions, deleted, keptFrom: keptFrom ?? null, dryRun });
    const months = `${formatPlural(partitions.length, 'partition')} and ${formatPlural(deleted, 'response')} beside them`;
    const from = keptFrom ? ` Single responses are kept from ${keptFrom.toISOString().slice(0, 10)} on.` : '';
    return `${name}: ${dryRun ? 'would drop' : 'dropped'} ${months}. Their sums stay.${from}\n`;
  });
}

/** Reads `400d`. Throws a UsageError for anything else, and for less than a month, which would be a slip. */
export function parseDays(text: string | undefined): number {
  const days = Number(/^(\d{1,5})d$/.exec(text ?? '')?.[1]);
  if (days >= 31) return days;
  throw new UsageError('fleet prune needs --older-than with a number of days from 31d on, such as --older-than 400d.');
}

function head(kind: string, target: string): object {
  return { schemaVersion: SCHEMA_VERSION, kind, target };
}

function describeSchema({ before, version, partitions }: FleetSchema): string {
  const months = partitions.map((partition) => partition.replace('responses_', '').replace('_', '-')).join(', ');
  const made = months === '' ? '' : ` New partitions: ${months}.`;
  if (before === 0) return `made the schema codex_metered, version ${version}.${made}`;
  if (before < version) return `brought the schema codex_metered from version ${before} to ${version}.${made}`;
  return `the schema codex_metered is up to date, version ${version}.${made}`;
}

function describeRoles({ roles }: FleetSchema, sql: string): string {
  const may = { push: 'may push', read: 'may read' };
  const lines = roles.flatMap(({ role, tenant, push, read }) => {
    const rights = [...(push ? [may.push] : []), ...(read ? [may.read] : [])].join(' and ');
    return rights === '' ? [] : [`  ${cleanText(role)} ${rights}, for ${cleanText(tenant)}`];
  });
  const again =
    'Run this again every month, so that coming months have a partition of their own: by cron, for example.\n';
  const known = lines.length === 0 ? '' : `Roles:\n${lines.join('\n')}\n\n`;
  const isComplete = roles.some(({ push }) => push) && roles.some(({ read }) => read);
  return isComplete ? `${known}${again}` : `${known}Run as it stands, with passwords of your own:\n\n${sql}\n${again}`;
}

type Fleet = typeof import('../../fleet/fleet.js');
type Connected = Awaited<ReturnType<Fleet['connectTo']>>;
interface Where {
  /** What messages call the server. It has no user in it. */
  readonly name: string;
  readonly database: string;
}

async function withServer(
  call: AdminCall,
  work: (client: Connected, fleet: Fleet, where: Where) => Promise<string>,
): Promise<number> {
  const { host } = call;
  const fleet = await import('../../fleet/fleet.js');
  const { target, password } = chooseServer(call, fleet);
  let client: Connected | undefined;
  try {
    client = await fleet.connectTo(target, { env: host.env, password });
    host.stdout.write(await work(client, fleet, { name: target.name, database: parseFleetUrl(target.url).database }));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    host.stderr.write(`${cleanText(explain(error, target.name, call))}\n`);
    return 1;
  } finally {
    await client?.end().catch(() => undefined);
  }
}

function explain(error: unknown, name: string, { reads }: AdminCall): string {
  if (error instanceof StoreError || (error instanceof Error && error.name === 'FleetError')) return error.message;
  const { code } = error as { code?: unknown };
  if (reads && code === '42501') {
    return `${name}: this role may not read there. Set read_url to one that may, or give its URL (docs/fleet.md).`;
  }
  return `${name}: nothing was changed. The server says: ${messageOf(error)}${typeof code === 'string' ? ` (${code})` : ''}.`;
}

/** The target that is meant. An administrator's role is rarely that of the machines, so it can also be given as a URL. */
function chooseServer(call: AdminCall, { readAccess }: Fleet): Server {
  const { target: named, host, settings, paths } = call;
  if (named?.includes('://')) return describeUrl(named, host.env.CODEX_METERED_FLEET_PASSWORD || undefined);
  const target = choosePostgres(named, call, 'ask');
  const password = describeSource(host, { settings, paths }).passwordOf(target);
  return { target: call.reads ? readAccess(target) : target, password };
}

interface Server {
  readonly target: TargetAccess;
  /** What the environment says of it. */
  readonly password: string | undefined;
}

function describeUrl(url: string, password: string | undefined): Server {
  try {
    const { host, database } = parseFleetUrl(url);
    const unset = { passwordFile: undefined, passwordCommand: undefined, allowInsecure: false };
    return { target: { name: `${host}/${database}`, url, ...unset }, password };
  } catch (error) {
    throw new UsageError(`The URL ${messageOf(error)}.`);
  }
}
