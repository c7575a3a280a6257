import type { PullOptions } from '../../fleet/pull.js';
import { formatCount } from '../../report/amounts.js';
import { renderPull, toPullJson } from '../../report/fleet-text.js';
import { explainingFaults } from '../../store/open.js';
import type { PullOutcome } from '../../store/team.js';
import type { FleetTarget } from '../../usage/fleet-target.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { choosePostgres, describeSource, stopSignal } from './fleet-targets.js';
import { nameTeamDatabase } from './host.js';
import { createStatusLine } from './progress-bar.js';
import { JSON_NOT_TEXT, parseDuration } from './shared-options.js';
import { formatJson, withDatabase } from './show.js';

/** How long a pull waits for another one that writes. */
const BUSY_TIMEOUT_MS = 5000;
/** A year, and the month to compare it with. */
const LAST_MS = 400 * 86_400_000;

const OPTIONS = {
  last: {
    value: '<time>',
    text: 'what was used in so long a time, such as 90d (default: as before, at first 400d)',
    parse: parseDuration,
  },
  full: { text: 'bring all of it anew, and not only what has changed' },
  json: JSON_NOT_TEXT,
} satisfies Record<string, OptionSpec>;

const HELP = `
What all machines of the fleet have pushed comes into a database of its own, team.db, beside that of this machine. Reports read
it with --fleet, and need no network for that. A pull that fails changes nothing; the next one goes on from the last
that succeeded. The role that reads is that of read_url, or else that of url: docs/fleet.md.

Exit code: 0 when all was pulled, 1 when not.

Examples:
  codex-usage pull                     what has changed since the last time
  codex-usage pull work --last 90d     three months, if there is too much of it
  codex-usage monthly --fleet          what the team spent, by month
  codex-usage user --fleet             and by user
`;

export const pull = defineCommand({
  name: 'pull',
  argument: { placeholder: '[target]', text: 'the target to pull from, where several are set' },
  summary: 'bring the record of a fleet here, for reports with --fleet',
  description: 'Brings what the machines of a fleet have pushed into team.db, for reports with --fleet.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    const { host, options, argument } = call;
    const target = choosePostgres(argument, call, 'pull from');
    const line = createStatusLine(host);
    const outcome = await pullInto(call, target, {
      sinceMs: options.last === undefined ? undefined : Date.now() - options.last,
      ...{ full: options.full, signal: stopSignal(call) },
      onProgress: ({ responses, of }) =>
        line.draw(`${target.name}: ${formatCount(responses)} of ${formatCount(of)} responses pulled`),
    });
    line.clear();
    if (outcome === undefined) return 1;
    if (options.json) host.stdout.write(formatJson(toPullJson(target.name, outcome)));
    if (outcome.kind === 'failed') host.stderr.write(renderPull(target.name, outcome));
    else if (!options.json) host.stdout.write(renderPull(target.name, outcome));
    return outcome.kind === 'failed' ? 1 : 0;
  },
});

type PullCall = Pick<Call<object>, 'host' | 'paths' | 'settings' | 'places' | 'fault'>;

type PullWish = Pick<PullOptions, 'sinceMs' | 'full' | 'signal' | 'onProgress'>;

/** Pulls into team.db. Undefined where that cannot be written, which has been said on stderr. */
export async function pullInto(call: PullCall, target: FleetTarget, wish: PullWish): Promise<PullOutcome | undefined> {
  const { host, paths } = call;
  const database = nameTeamDatabase(paths);
  const fleet = await import('../../fleet/fleet.js');
  return withDatabase(host, { database, mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS }, async (connection) => {
    try {
      return await fleet.pull(connection, target, {
        ...{ ...wish, env: host.env, password: describeSource(host, call).passwordOf(target) },
        initialSinceMs: Date.now() - LAST_MS,
      });
    } catch (error) {
      return explainingFaults(database, () => {
        throw error;
      });
    }
  });
}
