import { existsSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import { isStuck, renderStatus, type TargetStatus, toStatusJson } from '../../report/fleet-text.js';
import { type Connection, openConnection } from '../../store/open.js';
import { removeTarget } from '../../store/outbox.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { listStatuses } from './fleet-targets.js';
import { chooseStyle } from './host.js';
import { JSON_NOT_TEXT, NO_COLOR } from './shared-options.js';
import { explainFailure, formatJson } from './show.js';

const BUSY_TIMEOUT_MS = 5000;

const OPTIONS = { json: JSON_NOT_TEXT, noColor: NO_COLOR } satisfies Record<string, OptionSpec>;

const HELP = `
status    what waits for each target, since when, the last push and its error, and rows that were refused.
          Exit code: 1 when something has waited for longer than an hour.
remove    forgets a target that the settings do not name any more, and what waits for it. What it has stays there.

Examples:
  codex-usage fleet status
  codex-usage fleet status work --json
  codex-usage fleet remove old
`;

export const fleet = defineCommand({
  name: 'fleet',
  argument: { placeholder: '[what]', text: 'what to do', choices: ['status', 'remove'], initial: 'status' },
  secondArgument: { placeholder: '[target]', text: 'one of the targets; default: all of them' },
  summary: 'the targets of the fleet: what waits, and what is wrong',
  description: 'Shows or changes what is known of the targets of the fleet.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    if (call.fault) throw call.fault;
    await call.prepare();
    return call.argument === 'remove' ? remove(call) : status(call);
  },
});

type FleetCall = Call<typeof OPTIONS>;

function status(call: FleetCall): number {
  const { host, options, argumentList } = call;
  const [, name] = argumentList;
  return withDatabase(call, (connection) => {
    const all = listStatuses(connection, call.settings);
    const statuses = name === undefined ? all : all.filter((one) => one.name === name);
    if (name !== undefined && statuses.length === 0) throw new UsageError(`There is no target "${name}".`);
    const nowMs = Date.now();
    host.stdout.write(options.json ? formatJson(toStatusJson(statuses, nowMs)) : renderText(statuses, nowMs, call));
    return statuses.some((one) => isStuck(one, nowMs)) ? 1 : 0;
  });
}

function renderText(statuses: readonly TargetStatus[], nowMs: number, { host, options }: FleetCall): string {
  if (statuses.length === 0) return 'No target of the fleet is set (docs/fleet.md).\n';
  return renderStatus(statuses, nowMs, chooseStyle({ color: options.noColor ? 'never' : 'auto' }, host));
}

function remove(call: FleetCall): number {
  const { host, settings, argumentList } = call;
  const [, name] = argumentList;
  if (name === undefined) throw new UsageError('Say which target: codex-usage fleet remove NAME.');
  if (settings.fleet.some(({ value }) => value.name === name)) {
    throw new UsageError(
      `The settings still name ${name}: take it out of there first, or the next push makes it known again.`,
    );
  }
  return withDatabase(call, (connection) => {
    const isGone = connection !== undefined && removeTarget(connection, name);
    host.stdout.write(isGone ? `${name}: forgotten. What it has stays there.\n` : `There is no target "${name}".\n`);
    return isGone ? 0 : 1;
  });
}

/** `connection` is undefined while nothing is recorded. */
function withDatabase(
  { host, paths: { database } }: FleetCall,
  work: (connection: Connection | undefined) => number,
): number {
  let connection: Connection | undefined;
  try {
    connection = existsSync(database)
      ? openConnection(database, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS })
      : undefined;
    return work(connection);
  } catch (error) {
    const failure = explainFailure(error, { database, timeZone: undefined });
    if (!failure) throw error;
    host.stderr.write(failure.text);
    return 1;
  } finally {
    connection?.close();
  }
}
