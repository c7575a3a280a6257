import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import type { Settings } from '../config/settings.js';
import type { Settled } from '../meter/messages.js';
import { createOutputSieve } from '../meter/output-sieve.js';
import { type CodexCommand, mayKeepNoFile } from '../process/argv.js';
import { type CodexChild, spawnCodex } from '../process/child.js';
import { callGuardian, type Guardian } from '../process/guardian.js';
import { resolveProgram } from '../process/native.js';
import { forwardSignals } from '../process/signals.js';
import { planStreams } from '../process/streams.js';
import type { Attribution } from '../usage/record.js';
import { exitAs, leave } from './exit.js';
import { BUDGET_EXIT_CODE } from './exit-codes.js';
import { type MeterProcess, startMeter } from './meter-process.js';
import { saidAll, say } from './say.js';
import type { WrapperOptions } from './wrapper-options.js';
import type { Targets } from './wrapper-targets.js';
import type { Telemetry } from './wrapper-telemetry.js';
import type { planWait } from './wrapper-wait.js';

/** How long Codex's start may wait for the answer whether a budget is spent. */
const ANSWER_MS = 2000;

export interface MeteredRunOptions {
  readonly options: WrapperOptions;
  readonly codexArgs: readonly string[];
  readonly command: CodexCommand;
  readonly codexPath: string;
  readonly cwd: string;
  readonly settings: Settings;
  readonly attribution: Attribution;
  readonly startedAtMs: number;
  readonly targets: Targets;
  readonly wait: ReturnType<typeof planWait>;
}

/** Runs Codex with a meter beside it, and ends as Codex ends. */
export async function runMetered(run: MeteredRunOptions): Promise<void> {
  const { options, codexArgs, command, codexPath, targets, wait } = run;
  const telemetry = mayKeepNoFile(command) ? await openTelemetry(run) : undefined;
  let child: CodexChild | undefined;
  let guardian: Guardian | undefined;
  let stopping: Promise<void> | undefined;
  /** Undefined while Codex works. */
  let ranMs: number | undefined;
  const start = () =>
    startMeter({
      facts: describeRun(run, telemetry),
      eventsFd: targets.eventsFd,
      telemetryFd: telemetry?.listener?.fd,
      onSay: say,
      onStop: () => {
        stopping ??= child?.stop();
      },
      onGone: () => {
        if (child && ranMs === undefined) guardian ??= callGuardian(child.pid);
      },
    });

  const asked = mayBeSpent(run.settings) ? start() : undefined;
  const refusal = await asked?.ask(ANSWER_MS);
  if (refusal !== undefined) return await refuse(refusal);

  // What Codex writes before the meter is there waits in the link.
  let meter: MeterProcess | undefined = asked;
  const sieve =
    command.output === 'other' ? undefined : createOutputSieve(command.output, (line) => meter?.observe(line));
  const signals = forwardSignals(process);
  child = await spawnCodex({
    program: resolveProgram(codexPath, process.env),
    args: [...(telemetry?.args ?? []), ...codexArgs],
    env: { ...process.env, ...telemetry?.env },
    streams: planStreams(command),
    observe: (chunk) => sieve?.push(chunk, Date.now()),
  });
  const spawnedAt = performance.now();
  signals.to(child.passOn);
  meter ??= start();
  meter.begin(child.pid);
  telemetry?.listener?.release();
  void child.exited.then(() => {
    guardian?.dismiss();
    ranMs = performance.now() - spawnedAt;
  });

  const exit = await child.ended;
  sieve?.end();
  const atMs = Date.now();
  const interruptedBy = signals.interrupted() ?? (stopping && 'SIGINT');
  const waitMs = wait(ranMs ?? 0, awaits(run));
  const settled = await meter.end({ exit, interruptedBy, atMs }, waitMs);
  await stopping;
  if (isatty(2) && !options.isOn('quiet')) conclude(settled, meter.trouble());
  await logTrouble(meter, run.settings);
  await saidAll();
  if (stopping || settled?.outcome === 'stopped') leave(BUDGET_EXIT_CODE);
  exitAs(exit, signals.stop);
}

function describeRun(run: MeteredRunOptions, telemetry: Telemetry | undefined) {
  const { settings, command, attribution, codexPath, cwd, startedAtMs, targets, options } = run;
  const serverHome = options.value('server-home');
  return {
    ...{ settings, command, attribution, codexPath, cwd, startedAtMs },
    frontPid: process.pid,
    reportPath: targets.reportPath,
    hasEvents: targets.eventsFd !== undefined,
    telemetry: telemetry?.facts,
    serverHome: serverHome && resolve(cwd, serverHome),
  };
}

/** Only a budget of a run or a day may be spent before the run: what others have spent is asked for then. */
function mayBeSpent({ limits, onBudget }: Settings): boolean {
  return onBudget.value === 'stop' && limits.some(({ value }) => value.scope !== 'invocation');
}

async function refuse(reason: string): Promise<void> {
  say(reason);
  await saidAll();
  leave(BUDGET_EXIT_CODE);
}

/** Of a thread without a session file Codex's telemetry tells, where the user has none of their own set up. */
async function openTelemetry({ codexArgs, command, cwd }: MeteredRunOptions): Promise<Telemetry | undefined> {
  try {
    const { prepareTelemetry } = await import('./wrapper-telemetry.js');
    return await prepareTelemetry(codexArgs, command, cwd);
  } catch {
    return undefined;
  }
}

function awaits({ targets, settings }: MeteredRunOptions): 'nothing' | 'answer' {
  const isTold = targets.reportPath !== undefined || targets.eventsFd !== undefined;
  const mayBeStopped = settings.onBudget.value === 'stop' && settings.limits.length > 0;
  return isTold || mayBeStopped ? 'answer' : 'nothing';
}

/** One line for a person. */
function conclude(settled: Settled | undefined, trouble: string | undefined): void {
  if (settled?.keptAside !== undefined) say(`the record is kept aside: ${settled.keptAside} See codex-usage doctor.`);
  if (settled?.summary !== undefined) say(settled.summary);
  else if (trouble !== undefined) say(`this run was not metered to its end: ${trouble}. See codex-usage doctor.`);
  else if (!settled) say('the record of this run is still being written. See codex-usage run.');
}

/** A meter that has begun writes its own log. */
async function logTrouble(meter: MeterProcess, settings: Settings): Promise<void> {
  const reason = meter.trouble();
  if (reason === undefined) return;
  try {
    const { logTrouble: log } = await import('./meter-trouble.js');
    log(reason, settings.database.value);
  } catch {
    // There is nowhere left to tell it.
  }
}
