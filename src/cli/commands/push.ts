import { UsageError } from '../../errors.js';
import type { PushOutcome } from '../../fleet/push.js';
import { cleanText, formatCount, formatPlural } from '../../report/amounts.js';
import { renderOutcome, toPushJson } from '../../report/fleet-text.js';
import type { Connection } from '../../store/open.js';
import { type FleetTarget, sendsHistory } from '../../usage/fleet-target.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { chooseTargets, describeSource, stopSignal } from './fleet-targets.js';
import { createStatusLine } from './progress-bar.js';
import { JSON_NOT_TEXT, parseDuration } from './shared-options.js';
import { formatJson, withDatabase } from './show.js';

/** How long a statement waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 10_000;

const OPTIONS = {
  wait: {
    value: '<time>',
    text: 'try again for so long where a target is not reached, such as 20s',
    parse: parseDuration,
  },
  watch: { text: 'go on, and push whenever something has changed' },
  idle: {
    ...{ value: '<time>', text: 'with --watch: end once nothing has changed and nothing runs for so long' },
    parse: parseDuration,
  },
  full: { text: 'send all that is recorded again, and not only what has changed' },
  dryRun: { text: 'print every byte that would be sent, a batch on each line, and send nothing' },
  spool: { value: '<dir>', text: 'write what waits into this folder, and send nothing' },
  from: { value: '<dir>', text: 'send what --spool has written into this folder, and delete it' },
  json: JSON_NOT_TEXT,
} satisfies Record<string, OptionSpec>;

const HELP = `
Counts, costs and names of responses and invocations go to the PostgreSQL of each target that is set, and their sums to
an OTLP endpoint: docs/fleet.md.
No prompt, no output, no path and no secret is among them; --dry-run shows it. What was sent before is sent again only when it
has changed, and what is sent twice counts once.

Exit code: 0 when everything is sent, 1 when something still waits.

Examples:
  codex-usage push                     to all targets, once
  codex-usage push work --wait 20s     the last step of a job in CI
  codex-usage push --watch             a service
  codex-usage push --dry-run | head -1 | jq .
  codex-usage push --spool out/        where there is no network
  codex-usage push --from out/         where there is one, of whichever machine out/ is
`;

export const push = defineCommand({
  name: 'push',
  argument: { placeholder: '[target]', text: 'one of the targets that are set; default: all of them' },
  summary: 'send what is recorded to the database of a fleet',
  description: 'Sends what has changed in the record to the targets of the fleet.',
  options: OPTIONS,
  help: HELP,
  async run(call) {
    checkOptions(call);
    const targets = chooseTargets(call.argument, call);
    const { dryRun, watch: isWatch, spool: folder, from } = call.options;
    if (from !== undefined) return sendFrom(call, chooseOnly(targets, '--from'), from);
    await call.prepare(needsHistory(targets, call) ? 'import' : 'as-it-is');
    if (folder !== undefined) {
      const target = chooseOnly(targets, '--spool');
      return withRecord(call, 'write', (connection) => send(call, [target], connection, folder));
    }
    if (dryRun) return withRecord(call, 'read', (connection) => show(call, targets, connection));
    return withRecord(call, 'write', (connection) => (isWatch ? watch : send)(call, targets, connection));
  },
});

type PushCall = Call<typeof OPTIONS>;

function checkOptions({ options }: PushCall): void {
  const { watch, idle, dryRun, spool, from, full, wait } = options;
  const folders = { '--spool': spool !== undefined, '--from': from !== undefined };
  const modes = Object.entries({ '--watch': watch, '--dry-run': dryRun, ...folders });
  const given = modes.flatMap(([name, isGiven]) => (isGiven ? [name] : []));
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} exclude each other.`);
  if (idle !== undefined && !watch) throw new UsageError('--idle says when --watch ends: say both.');
  if (full && from !== undefined) throw new UsageError('--from sends what lies in the folder: leave out --full.');
  if (wait !== undefined && given.length > 0) throw new UsageError(`${given[0]} does not wait: leave out --wait.`);
}

function needsHistory(targets: readonly FleetTarget[], { host, ...settings }: PushCall): boolean {
  const { isCi } = describeSource(host, settings);
  return targets.some((target) => sendsHistory(target, isCi));
}

async function withRecord(
  { host, paths: { database } }: PushCall,
  mode: 'read' | 'write',
  work: (connection: Connection) => Promise<number>,
): Promise<number> {
  return (await withDatabase(host, { database, mode, busyTimeoutMs: BUSY_TIMEOUT_MS }, work)) ?? 1;
}

async function show(call: PushCall, targets: readonly FleetTarget[], connection: Connection): Promise<number> {
  const fleet = await loadFleet();
  const source = { ...describeSource(call.host, call), connection };
  for (const target of targets) {
    const fault = await fleet.showPush(source, target, call.options, (batch) => call.host.stdout.write(`${batch}\n`));
    if (fault !== undefined) return fail(call, fault);
  }
  return 0;
}

async function send(
  call: PushCall,
  targets: readonly FleetTarget[],
  connection: Connection,
  folder?: string,
): Promise<number> {
  const { host, options } = call;
  const fleet = await loadFleet();
  const signal = stopSignal(call);
  const line = createStatusLine(host);
  const outcomes: PushOutcome[] = [];
  for (const target of targets) {
    const outcome = await fleet.push({ ...describeSource(host, call), connection }, target, {
      ...{ full: options.full, waitMs: options.wait ?? 0, signal, spool: folder },
      onProgress: ({ responses }) => line.draw(`${target.name}: ${formatCount(responses)} responses sent`),
    });
    line.clear();
    outcomes.push(outcome);
    if (!options.json) (outcome.kind === 'failed' ? host.stderr : host.stdout).write(renderOutcome(outcome, folder));
  }
  if (options.json) host.stdout.write(formatJson(toPushJson(outcomes)));
  // Another push that is at work sends the rest: only who waits for that is told that it has not.
  const isDone = ({ kind, waiting }: PushOutcome) => {
    return kind === 'sent' || (kind === 'busy' && (waiting === 0 || options.wait === undefined));
  };
  return outcomes.every(isDone) ? 0 : 1;
}

async function watch(call: PushCall, targets: readonly FleetTarget[], connection: Connection): Promise<number> {
  const { host, options } = call;
  const fleet = await loadFleet();
  const end = await fleet.watch({ ...describeSource(host, call), connection }, targets, {
    signal: stopSignal(call),
    idleMs: options.idle,
    refresh: () => call.prepare(needsHistory(targets, call) ? 'import' : 'as-it-is'),
    onOutcome: (outcome) => {
      const stream = outcome.kind === 'failed' ? host.stderr : host.stdout;
      if (options.json) stream.write(`${JSON.stringify(toPushJson([outcome]))}\n`);
      else stream.write(renderOutcome(outcome));
    },
  });
  if (end === 'busy') host.stderr.write('Another codex-usage push --watch of this database is at work.\n');
  return 0;
}

function chooseOnly(targets: readonly FleetTarget[], option: string): FleetTarget {
  const [target, ...others] = targets;
  if (target !== undefined && others.length === 0) return target;
  throw new UsageError(`${option} is for one target: say which of ${targets.map(({ name }) => name).join(', ')}.`);
}

/** Sends the batches that lie in the folder. */
async function sendFrom(call: PushCall, target: FleetTarget, folder: string): Promise<number> {
  const { host } = call;
  const fleet = await loadFleet();
  if (fleet.listSpooled(folder).length === 0) return fail(call, `There is nothing to send in ${folder}.`);
  const sent = await fleet.pushSpooled(describeSource(host, call), target, { folder, signal: stopSignal(call) });
  if ('failure' in sent) return fail(call, `${sent.failure} The batches stay in ${folder}.`);
  const what = `${formatPlural(sent.responses, 'response')} and ${formatPlural(sent.invocations, 'invocation')}`;
  host.stdout.write(`${target.name}: sent what lay in ${folder}, with ${what}.\n`);
  for (const { path, reason } of sent.refused)
    host.stderr.write(`${cleanText(`${path} has a row that is refused: ${reason}`)}\n`);
  return sent.refused.length === 0 ? 0 : 1;
}

function fail({ host }: PushCall, message: string): number {
  host.stderr.write(`${cleanText(message)}\n`);
  return 1;
}

function loadFleet() {
  return import('../../fleet/fleet.js');
}
