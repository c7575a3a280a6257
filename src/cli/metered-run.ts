import { resolve } from 'node:path';
import { longestWait } from '../config/fleet.js';
import type { Settings } from '../config/settings.js';
import type { Settled } from '../meter/messages.js';
import { createOutputSieve } from '../meter/output-sieve.js';
import { monotonicMs } from '../node/clock.js';
import { type CodexCommand, mayKeepNoFile } from '../process/argv.js';
import { type CodexChild, type Exit, spawnCodex } from '../process/child.js';
import { callGuardian, type Guardian } from '../process/guardian.js';
import { resolveProgram } from '../process/native.js';
import { forwardSignals, type SignalForwarding } from '../process/signals.js';
import { planStreams, type StreamPlan } from '../process/streams.js';
import { BUDGET_EXIT_CODE } from '../usage/budget.js';
import type { Attribution } from '../usage/record.js';
import { exitAs, leave } from './exit.js';
import { type MeterOptions, MeterProcess } from './meter-process.js';
import { emitUsage, flushSaid, type LineEnds, say, watchLineEnds } from './own-lines.js';
import type { Awaits, RunEnd } from './run-end.js';
import type { WrapperOptions } from './wrapper-options.js';
import type { Targets } from './wrapper-targets.js';
import type { Telemetry } from './wrapper-telemetry.js';

/** How long Codex's start may wait for the answer whether a budget is spent. */
const ANSWER_MS = 2000;

export interface MeteredRunOptions extends RunEnd {
  readonly options: WrapperOptions;
  readonly codexArgs: readonly string[];
  readonly command: CodexCommand;
  readonly codexPath: string;
  readonly cwd: string;
  readonly settings: Settings;
  readonly attribution: Attribution;
  readonly unknownPhase: string | undefined;
  readonly startedAtMs: number;
  readonly targets: Targets;
}

/** Codex, and what this process does about it. */
interface Supervision {
  child?: CodexChild;
  /** Undefined while Codex works. */
  ranMs?: number;
  /** Where there is no meter any more. */
  guardian?: Guardian;
  stopping?: Promise<void>;
}

/** Runs Codex with a meter beside it, and ends as Codex ends. */
export async function runMetered(run: MeteredRunOptions): Promise<void> {
  const { codexArgs, command, codexPath } = run;
  const telemetry = mayKeepNoFile(command) ? await openTelemetry(run) : undefined;
  const codex: Supervision = {};
  const start = (starts: MeterOptions['starts']) =>
    new MeterProcess({ ...describeMeter(run, telemetry, codex), starts });

  const asked = mayBeSpent(run.settings) ? start('at once') : undefined;
  const refusal = await asked?.ask(ANSWER_MS);
  if (refusal !== undefined) return await refuse(refusal);

  let meter: MeterProcess | undefined = asked;
  const sieve =
    command.output === 'other' ? undefined : createOutputSieve(command.output, (line) => meter?.observe(line));
  const signals = forwardSignals(process);
  const streams = planStreams(command);
  const lineEnds = watchLineEnds(streams);
  const child = await spawnCodex({
    program: resolveProgram(codexPath, process.env),
    args: [...(telemetry?.args ?? []), ...codexArgs],
    env: { ...process.env, ...telemetry?.env },
    streams,
    observe: (chunk) => {
      sieve?.push(chunk, Date.now());
      lineEnds.observe(chunk);
    },
  });
  const spawnedAt = monotonicMs();
  codex.child = child;
  signals.to(child.passOn);
  // After Codex: what it says until the meter is there waits in the link.
  meter ??= start(mayStartLater(run, streams, telemetry) ? 'later' : 'at once');
  meter.begin(child.pid);
  telemetry?.listener?.release();
  void child.exited.then(() => {
    codex.guardian?.dismiss();
    codex.ranMs = monotonicMs() - spawnedAt;
  });
  const exit = await child.ended;
  sieve?.end();
  await conclude({ run, codex, meter, lineEnds, exit, signals });
}

function describeMeter(
  run: MeteredRunOptions,
  telemetry: Telemetry | undefined,
  codex: Supervision,
): Omit<MeterOptions, 'starts'> {
  return {
    facts: describeRun(run, telemetry),
    eventsFd: run.targets.eventsFd,
    telemetryFd: telemetry?.listener?.fd,
    onSay: say,
    onStop: () => {
      if (codex.child) codex.stopping ??= codex.child.stop();
    },
    onGone: () => {
      if (codex.child && codex.ranMs === undefined) codex.guardian ??= callGuardian(codex.child.pid);
    },
  };
}

interface Ending {
  readonly run: MeteredRunOptions;
  readonly codex: Supervision;
  readonly meter: MeterProcess;
  readonly lineEnds: LineEnds;
  readonly exit: Exit;
  readonly signals: SignalForwarding;
}

/** Waits for the record, for as long as that may be waited for, and ends as Codex has ended. */
async function conclude({ run, codex, meter, lineEnds, exit, signals }: Ending): Promise<void> {
  const interruptedBy = signals.interrupted() ?? (codex.stopping && 'SIGINT');
  const saysALine = run.isSummarised();
  const waitMs = run.wait(codex.ranMs ?? 0, awaits(run, saysALine)) + longestWait(run.settings.fleet);
  const settled = await meter.end({ exit, interruptedBy, atMs: Date.now() }, waitMs);
  await codex.stopping;
  if (run.emit && !codex.child?.gaveUpReader())
    await emitUsage(settled, lineEnds.isOpen(exit.signal !== undefined), run.settings.database.value);
  if (saysALine) sayResult(settled, meter.trouble());
  await logTrouble(meter, run.settings);
  await flushSaid();
  if (codex.stopping || settled?.outcome === 'stopped') leave(BUDGET_EXIT_CODE);
  exitAs(exit, signals.stop);
}

function describeRun(run: MeteredRunOptions, telemetry: Telemetry | undefined) {
  const { settings, command, attribution, unknownPhase, codexPath, cwd, startedAtMs, targets, options, emit } = run;
  const serverHome = options.value('server-home');
  return {
    ...{ settings, command, attribution, unknownPhase, codexPath, cwd, startedAtMs },
    frontPid: process.pid,
    ...{ reportPath: targets.reportPath, emit },
    hasEvents: targets.eventsFd !== undefined,
    telemetry: telemetry?.facts,
    serverHome: serverHome && resolve(cwd, serverHome),
  };
}

/**
 * Whether the meter may start once Codex has started: where Codex's output, which passes through us, names its thread, and
 * nobody waits for what the meter says. Elsewhere it has to see which files Codex opens first, or must be there to answer, or
 * has to say that a thread of a server is this run's before the server's own meter counts it.
 */
function mayStartLater(run: MeteredRunOptions, streams: StreamPlan, telemetry: Telemetry | undefined): boolean {
  const isNamed = streams[run.command.output === 'json' ? 'stdout' : 'stderr'] === 'pipe';
  const isAwaited = awaits(run, run.isSummarised()) !== 'nothing' || process.pid === 1;
  return isNamed && run.command.remote === undefined && telemetry === undefined && !isAwaited;
}

/** Whether a limit may keep the run from starting: every budget but an invocation's, and what must be left of rate limits. */
function mayBeSpent({ limits, minLeft, onBudget }: Settings): boolean {
  const isSpentByOthers = limits.some(({ value }) => value.scope !== 'invocation');
  return onBudget.value === 'stop' && (isSpentByOthers || minLeft.value.length > 0);
}

async function refuse(reason: string): Promise<void> {
  say(reason);
  await flushSaid();
  leave(BUDGET_EXIT_CODE);
}

/** Codex's telemetry counts a thread without a session file, where the user has not set up telemetry. */
async function openTelemetry({ codexArgs, command, cwd }: MeteredRunOptions): Promise<Telemetry | undefined> {
  try {
    const { prepareTelemetry } = await import('./wrapper-telemetry.js');
    return await prepareTelemetry(codexArgs, command, cwd);
  } catch {
    return undefined;
  }
}

function awaits({ targets, settings, emit }: MeteredRunOptions, saysALine: boolean): Awaits {
  const isReported = targets.reportPath !== undefined || targets.eventsFd !== undefined || emit !== undefined;
  const mayBeStopped = settings.onBudget.value === 'stop' && settings.limits.length > 0;
  if (isReported || mayBeStopped) return 'answer';
  return saysALine ? 'line' : 'nothing';
}

/** One line for a person. */
function sayResult(settled: Settled | undefined, trouble: string | undefined): void {
  if (settled?.pending !== undefined) say(`the record is kept aside: ${settled.pending} See codex-usage doctor.`);
  if (settled?.summary !== undefined) say(settled.summary);
  else if (trouble !== undefined) say(`this run was not metered to its end: ${trouble}. See codex-usage doctor.`);
  else if (!settled) say('the record of this run is still being written. See codex-usage run.');
}

/** A meter that has begun writes its own log. */
async function logTrouble(meter: MeterProcess, settings: Settings): Promise<void> {
  const reason = meter.trouble();
  if (reason === undefined) return;
  const { logFault } = await import('./fault-log.js');
  logFault('A run was not metered to its end', reason, settings.database.value);
}
