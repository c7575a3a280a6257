import { existsSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import { isStuck, renderStatus, type TargetStatus, toStatusJson } from '../../report/fleet-text.js';
import type { Connection } from '../../store/open.js';
import { removeTarget } from '../../store/outbox.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { listStatuses } from './fleet-targets.js';
import { chooseStyle } from './host.js';
import { JSON_NOT_TEXT, NO_COLOR } from './shared-options.js';
import { formatJson, withDatabase } from './show.js';

const BUSY_TIMEOUT_MS = 5000;

const OPTIONS = {
  olderThan: { value: '<days>', text: 'prune: the age from which single responses go, such as 400d' },
  target: { value: '<target>', text: 'forget: the target, or the URL of its server; default: the one that is set' },
  dryRun: { text: 'prune, forget: say what would be done, and do nothing' },
  json: JSON_NOT_TEXT,
  noColor: NO_COLOR,
} satisfies Record<string, OptionSpec>;

const HELP = `
status    what waits for each target, since when, the last push and its error, and rows that were refused.
          Exit code: 1 when something has waited for longer than an hour.
lost      the runs whose end never came: by the last word of a machine that has been silent for an hour they run. It takes a
          role that may read (read_url, or a URL). Exit code: 1 when there are any.
remove    forgets a target that the settings do not name any more, and what waits for it. What it has stays there.

For the administrator of the PostgreSQL (docs/fleet-server.md), who may give a URL in place of a target:
init      makes the schema codex_metered there or brings it up to date, and prints the roles to grant.
prune     takes away the single responses of old months. Their sums by quarter of an hour, day and invocation stay.
forget    takes the name of a user out of all that is recorded there. What the user spent stays, under forgotten.

Examples:
  codex-usage fleet status
  codex-usage fleet status work --json
  codex-usage fleet lost
  codex-usage fleet remove old
  codex-usage fleet init postgres://owner@db.example.com/usage
  codex-usage fleet prune postgres://owner@db.example.com/usage --older-than 400d
  codex-usage fleet forget ada --target postgres://owner@db.example.com/usage
`;

export const fleet = defineCommand({
  name: 'fleet',
  argument: {
    placeholder: '[what]',
    text: 'what to do',
    choices: ['status', 'lost', 'remove', 'init', 'prune', 'forget'],
    initial: 'status',
  },
  secondArgument: { placeholder: '[target]', text: 'one of the targets, or for forget the user; default: all targets' },
  summary: 'the targets of the fleet: what waits, and what is wrong',
  description: 'Shows or changes what is known of the targets of the fleet.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    if (call.fault) throw call.fault;
    checkOptions(call);
    if (call.argument !== undefined && ADMIN.includes(call.argument)) return administer(call);
    await call.prepare();
    return call.argument === 'remove' ? remove(call) : status(call);
  },
});

type FleetCall = Call<typeof OPTIONS>;

/** What is done on the server and needs nothing that is recorded here. */
const ADMIN = ['lost', 'init', 'prune', 'forget'];

function checkOptions({ argument: what = 'status', options: { olderThan, target, dryRun } }: FleetCall): void {
  const given = { '--older-than': olderThan !== undefined, '--target': target !== undefined, '--dry-run': dryRun };
  const known: Record<string, readonly string[]> = {
    prune: ['--older-than', '--dry-run'],
    forget: ['--target', '--dry-run'],
  };
  for (const [name, isGiven] of Object.entries(given)) {
    if (isGiven && !known[what]?.includes(name)) throw new UsageError(`fleet ${what} has no ${name}.`);
  }
}

async function administer(call: FleetCall): Promise<number> {
  const { host, settings, paths, places, fault, argumentList } = call;
  const [, about] = argumentList;
  const { dryRun = false, json = false, olderThan, target } = call.options;
  const admin = await import('./fleet-admin.js');
  const around = { host, settings, paths, places, fault, json };
  if (call.argument === 'lost') return admin.showLost({ ...around, target: about });
  if (call.argument === 'init') return admin.initServer({ ...around, target: about });
  if (call.argument === 'prune') {
    return admin.pruneServer({ ...around, target: about, dryRun, days: admin.parseDays(olderThan) });
  }
  if (about === undefined) throw new UsageError('Say whom: codex-usage fleet forget USER.');
  return admin.forgetOnServer({ ...around, target, user: about, dryRun });
}

function status(call: FleetCall): Promise<number> {
  const { host, options, argumentList } = call;
  const [, name] = argumentList;
  return withRecord(call, (connection) => {
    const all = listStatuses(connection, call.settings);
    const statuses = name === undefined ? all : all.filter((one) => one.name === name);
    if (name !== undefined && statuses.length === 0) throw new UsageError(`There is no target "${name}".`);
    const nowMs = Date.now();
    host.stdout.write(options.json ? formatJson(toStatusJson(statuses, nowMs)) : renderText(statuses, nowMs, call));
    return statuses.some((one) => isStuck(one, nowMs)) ? 1 : 0;
  });
}

function renderText(statuses: readonly TargetStatus[], nowMs: number, call: FleetCall): string {
  if (statuses.length === 0) return 'No target of the fleet is set (docs/fleet.md).\n';
  return renderStatus(statuses, nowMs, chooseStyle(call));
}

async function remove(call: FleetCall): Promise<number> {
  const { host, settings, argumentList } = call;
  const [, name] = argumentList;
  if (name === undefined) throw new UsageError('Say which target: codex-usage fleet remove NAME.');
  if (settings.fleet.some(({ value }) => value.name === name)) {
    throw new UsageError(
      `The settings still name ${name}: take it out of there first, or the next push makes it known again.`,
    );
  }
  return withRecord(call, (connection) => {
    const isGone = connection !== undefined && removeTarget(connection, name);
    host.stdout.write(isGone ? `${name}: forgotten. What it has stays there.\n` : `There is no target "${name}".\n`);
    return isGone ? 0 : 1;
  });
}

/** `connection` is undefined while nothing is recorded. */
async function withRecord(
  { host, paths: { database } }: FleetCall,
  work: (connection: Connection | undefined) => number,
): Promise<number> {
  if (!existsSync(database)) return work(undefined);
  return (await withDatabase(host, { database, mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS }, work)) ?? 1;
}
