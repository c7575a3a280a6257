import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import { UsageError } from '../../errors.js';
import { replaceNamedFile } from '../../files/regular-file.js';
import { measure } from '../../metrics/measure.js';
import type { OtlpResult } from '../../metrics/otlp.js';
import { nameTarget, type OtlpTarget, readOtlpTarget } from '../../metrics/otlp-target.js';
import { describeSummedUp, toPrometheus } from '../../metrics/prometheus.js';
import { formatPlural } from '../../report/amounts.js';
import type { Store } from '../../store/store.js';
import { addressOfDocs } from '../../usage/docs.js';
import { CONVENTIONS } from '../../usage/options.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { FLEET, NO_IMPORT } from './shared-options.js';
import { showReport } from './show.js';

const OPTIONS = {
  output: {
    ...{ short: 'o', value: '<file>' },
    text: 'write to this file, which is replaced at once, not to the standard output',
  },
  otlp: {
    value: '[url]',
    text: 'send to an OpenTelemetry collector (default: what OTEL_EXPORTER_OTLP_ENDPOINT says, or http://localhost:4318)',
  },
  logs: { text: 'with --otlp: also a log record of each response' },
  conventions: {
    ...{ value: '<name>', choices: CONVENTIONS, initial: 'genai-0.1' },
    text: 'with --otlp: the names of token metrics',
  },
  allowInsecure: { text: 'with --otlp: send in plain text (http) to another machine, too' },
  watch: { short: 'w', text: 'again and again, until Ctrl-C' },
  every: {
    ...{ value: '<seconds>', parse: parseSeconds },
    text: 'with --watch: how often (default: what OTEL_METRIC_EXPORT_INTERVAL says, or 60)',
  },
  noImport: NO_IMPORT,
  fleet: FLEET,
} as const satisfies Record<string, OptionSpec>;

const HELP = `
Counters are the sums of the record, so they go on where they were after a restart, and all processes of this machine
have one series. They never fall: where the record was corrected downwards, codex_metered_corrections_… says by how much
a counter is ahead of it.

--otlp honours the variables OTEL_EXPORTER_OTLP_… (endpoint, headers, certificate, compression, timeout, temporality),
OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME.

Examples:
  codex-usage metrics                                                       what Prometheus would read
  codex-usage metrics -o /var/lib/prometheus/node-exporter/codex.prom       for the textfile collector
  codex-usage metrics --otlp                                                once to the collector on this machine
  codex-usage metrics --otlp https://otlp.example.com --logs --watch        each minute, and each response

${addressOfDocs('metrics.md')} has the metrics, and what to copy for each way to collect them.
`;

export const metrics = defineCommand({
  name: 'metrics',
  summary: 'the sums of the record for Prometheus or OpenTelemetry',
  description:
    'Writes the sums of the record in the text format of Prometheus, or sends them to an OpenTelemetry collector.',
  options: OPTIONS,
  help: HELP,
  run(call) {
    const target = readTarget(call);
    return call.options.watch ? repeat(call, target) : exportOnce(call, target);
  },
});

type MetricsCall = Call<typeof OPTIONS>;

/** Undefined without --otlp. Throws a UsageError where the options contradict each other. */
function readTarget({ options, host }: MetricsCall): OtlpTarget | undefined {
  const { otlp, logs, conventions, allowInsecure, output, watch, every } = options;
  if (every !== undefined && !watch) throw new UsageError('--every belongs to --watch.');
  if (otlp === undefined) {
    const alone = [
      logs && '--logs',
      allowInsecure && '--allow-insecure',
      conventions !== 'genai-0.1' && '--conventions',
    ];
    const [wrong] = alone.filter((name) => name !== false);
    if (wrong) throw new UsageError(`${wrong} belongs to --otlp.`);
    if (watch && output === undefined)
      throw new UsageError('--watch needs --output or --otlp: where it writes again and again.');
    return undefined;
  }
  const url = otlp === true ? undefined : otlp;
  return readOtlpTarget({ url, conventions, logs, allowInsecure, version: manifest.version }, host.env);
}

/** Exports once. Returns the exit code: 1 where nothing is recorded, or where not all was sent. */
async function exportOnce(call: MetricsCall, target: OtlpTarget | undefined): Promise<number> {
  const { options } = call;
  await call.prepare(options.noImport ? 'as-it-is' : 'import');
  let exitCode = 0;
  const shown = await showReport(call, async (store) => {
    const text = target === undefined || options.output !== undefined ? writeText(store, call) : '';
    if (target === undefined) return text;
    const result = await sendTo(store, target, call);
    if (result.problem !== undefined) exitCode = 1;
    return text;
  });
  return shown === 0 ? exitCode : shown;
}

/** Exports until the host is asked to stop. What cannot be sent is said, and sent the next time. */
async function repeat(call: MetricsCall, target: OtlpTarget | undefined): Promise<number> {
  const { host, options } = call;
  const intervalMs = (options.every ?? readInterval(host.env)) * 1000;
  let state: 'going' | 'stopped' = 'going';
  const stopped = host.untilStopped().then(() => {
    state = 'stopped';
  });
  while (state === 'going') {
    await exportOnce(call, target);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([stopped, new Promise((wake) => (timer = setTimeout(wake, intervalMs)))]);
    clearTimeout(timer);
  }
  return 0;
}

function writeText(store: Store, { host, options }: MetricsCall): string {
  const measurement = measure(store, { nowMs: Date.now(), version: manifest.version });
  if (measurement.summedUp > 0) host.stderr.write(`${describeSummedUp(measurement.summedUp)}\n`);
  const text = toPrometheus(measurement);
  if (options.output === undefined) return text;
  // The collector runs as another user, which may read what the umask lets it.
  replaceNamedFile(resolve(host.cwd, options.output), (put) => put(text));
  return '';
}

async function sendTo(store: Store, target: OtlpTarget, { host }: MetricsCall): Promise<OtlpResult> {
  const { exportOtlp } = await import('../../metrics/otlp.js');
  const onProgress = (text: string) => host.stderr.isTTY && host.stderr.write(`\r${text}\u001b[K`);
  const result = await exportOtlp(store, target, (sent, of) => {
    onProgress(sent < of ? `${sent} of ${of} points …` : '');
  });
  const { points, logRecords, rejected, rejectedBecause, summedUp, problem } = result;
  const say = (text: string) => host.stderr.write(`${text}\n`);
  if (summedUp > 0) say(describeSummedUp(summedUp));
  const records = target.logs ? ` and ${formatPlural(logRecords, 'log record')}` : '';
  const address = nameTarget(target.metricsUrl);
  if (problem === undefined) say(`${formatPlural(points, 'point')}${records} sent to ${address}`);
  else
    say(
      `error: ${address}: ${problem}. ${formatPlural(points, 'point')}${records} were sent; the rest is sent the next time.`,
    );
  if (rejected > 0) say(`The collector rejected ${rejected} of them${rejectedBecause && `: ${rejectedBecause}`}`);
  return result;
}

function readInterval(env: NodeJS.ProcessEnv): number {
  const seconds = Number(env.OTEL_METRIC_EXPORT_INTERVAL) / 1000;
  return seconds >= 1 && seconds <= MOST_SECONDS ? seconds : 60;
}

const MOST_SECONDS = 86_400;

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 1 && seconds <= MOST_SECONDS) return seconds;
  throw new InvalidArgumentError(`Use a number of seconds from 1 to ${MOST_SECONDS}.`);
}
