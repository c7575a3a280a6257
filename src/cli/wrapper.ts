import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { loadSettings } from '../config/load.js';
import { resolveSettings, type Setting, type Settings } from '../config/settings.js';
import { CodexNotFoundError, messageOf, UsageError } from '../errors.js';
import { findWorkTree } from '../io/work-tree.js';
import { attribute } from '../meter/attribution.js';
import { type CodexCommand, describeCommand, mayKeepNoFile } from '../process/argv.js';
import { type Exit, spawnCodex } from '../process/child.js';
import { locateCodex } from '../process/locate.js';
import { resolveProgram } from '../process/native.js';
import { forwardSignals } from '../process/signals.js';
import { standInForStreams } from '../process/stand-ins.js';
import { HANDS_OFF, planStreams } from '../process/streams.js';
import type { Attribution, Invocation } from '../usage/record.js';
import { BUDGET_EXIT_CODE } from './exit-codes.js';
import type { Refusal } from './wrapper-budget.js';
import type { Hooks } from './wrapper-hooks.js';
import type { Metering, MeteringFacts } from './wrapper-metering.js';
import { parseWrapperOptions, type WrapperOptions } from './wrapper-options.js';
import type { Telemetry } from './wrapper-telemetry.js';

void main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`codex-metered: ${messageOf(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : error instanceof CodexNotFoundError ? 127 : 1;
});

async function main(argv: readonly string[]): Promise<void> {
  const { options, codexArgs } = parseWrapperOptions(argv, process.env);
  if (options.isOn('help') || options.isOn('version')) return showHelp(options);
  standInForStreams(process);
  const command = describeCommand(codexArgs);
  const metered = command.threads !== 'none' && !command.asksForHelp && !options.isOn('off');
  const startedAtMs = Date.now();
  const settings = await readSettings(options, command, metered);
  const attribution = attributeTo(options, settings, command, startedAtMs);
  const hooks = metered ? await openHooksOf(options) : undefined;
  const codexPath = locateCodex({
    wanted: options.value('codex'),
    env: process.env,
    cwd: readCwd(),
    self: process.argv[1] ?? '',
  });

  const refusal = metered ? await findRefusalOf(settings, attribution, startedAtMs) : undefined;
  if (refusal !== undefined) {
    const processes = { codexHome: undefined, codexPath, meterPid: process.pid, codexPid: undefined };
    const invocation = { id: '', attribution, command: command.name, cwd: readCwd(), ...processes, startedAtMs };
    return refuse(refusal, hooks, invocation);
  }

  // What Codex writes before the metering is loaded waits for it.
  const waiting: [chunk: Buffer, atMs: number][] = [];
  let observe: Metering['observe'] = (...arrived) => void waiting.push(arrived);
  const telemetry = metered && mayKeepNoFile(command) ? await openTelemetry(codexArgs, command) : undefined;
  const reporting = telemetry?.kind === 'connected' ? telemetry : { args: [], env: {} };
  const signals = forwardSignals(process);
  const child = await spawnCodex({
    program: resolveProgram(codexPath, process.env),
    args: [...reporting.args, ...codexArgs],
    env: { ...process.env, ...reporting.env },
    streams: metered ? planStreams(command) : HANDS_OFF,
    observe: (chunk) => observe(chunk, Date.now()),
  });
  signals.to(child.passOn);
  if (!metered) return exitAs(await child.ended, signals.stop);

  const { pid } = child;
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= child.stop();
  };
  const metering = await startMetering({
    options,
    settings,
    command,
    attribution,
    codexPath,
    pid,
    startedAtMs,
    hooks,
    stop,
    telemetry,
  });
  observe = metering?.observe ?? (() => undefined);
  for (const arrived of waiting.splice(0)) observe(...arrived);
  const exit = await child.ended;
  const outcome = await metering?.finish(exit, signals.interrupted() ?? (stopping && 'SIGINT'));
  await stopping;
  if (outcome === 'stopped') leave(BUDGET_EXIT_CODE);
  exitAs(exit, signals.stop);
}

/** Where a runner is told of the invocation, if it asked to be. */
async function openHooksOf(options: WrapperOptions): Promise<Hooks | undefined> {
  if (!options.get('report') && !options.get('events')) return undefined;
  const { openHooks } = await import('./wrapper-hooks.js');
  return openHooks(options);
}

/** Why Codex must not be started. Only a budget of a run or a day may say so: what others have spent is asked for then. */
async function findRefusalOf(settings: Settings, attribution: Attribution, atMs: number) {
  const mayBeSpent = settings.limits.some(({ value }) => value.scope !== 'invocation');
  if (settings.onBudget.value !== 'stop' || !mayBeSpent) return undefined;
  const { findRefusal } = await import('./wrapper-budget.js');
  return await findRefusal(settings, attribution, atMs);
}

async function refuse({ reason, levels }: Refusal, hooks: Hooks | undefined, invocation: Invocation): Promise<void> {
  process.stderr.write(`codex-metered: ${reason}\n`);
  await hooks?.ended({
    ...{ invocation, iteration: invocation.attribution.iteration, threadId: undefined, codexVersion: undefined },
    ...{ status: 'refused', exitCode: BUDGET_EXIT_CODE, signal: undefined, endedAtMs: Date.now() },
    ...{ responses: [], notes: [], budget: { onBudget: 'stop', levels } },
  });
  process.exitCode = BUDGET_EXIT_CODE;
}

/** Of a thread without a session file Codex's telemetry tells, where the user has none of their own set up. */
async function openTelemetry(codexArgs: readonly string[], command: CodexCommand): Promise<Telemetry | undefined> {
  try {
    const { connectTelemetry } = await import('./wrapper-telemetry.js');
    return await connectTelemetry(codexArgs, command);
  } catch {
    return undefined;
  }
}

/** What Codex does not need is loaded once it has been started: it takes 300 ms to its first event. */
async function startMetering(facts: MeteringFacts): Promise<Metering | undefined> {
  try {
    const { createMetering } = await import('./wrapper-metering.js');
    return await createMetering(facts);
  } catch {
    return undefined;
  }
}

/** What options, the environment and, for a run that is metered, the configuration files set. */
async function readSettings(options: WrapperOptions, command: CodexCommand, metered: boolean): Promise<Settings> {
  if (!metered) return resolveSettings(options.get, []);
  const cwd = resolve(readCwd(), command.cd ?? '.');
  return await loadSettings(options.get, { cwd, root: findWorkTree(cwd)?.root ?? cwd, env: process.env });
}

function attributeTo(options: WrapperOptions, settings: Settings, command: CodexCommand, startedAtMs: number) {
  return attribute(
    {
      project: named(settings.project),
      run: options.get('run-id'),
      phase: options.get('phase'),
      iteration: options.get('iteration'),
      outputPatterns: settings.outputPatterns.map(({ value }) => value),
      timeZone: settings.timeZone.value,
    },
    { ...command, command: command.name, cwd: readCwd(), startedAtMs },
  );
}

function named({ value, origin }: Setting<string | undefined>) {
  return value === undefined ? undefined : { value, origin };
}

/** A folder that has been deleted has no name any more; Codex may work all the same, with `--cd` or without any. */
function readCwd(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD || '/';
  }
}

async function showHelp(options: WrapperOptions): Promise<void> {
  const { describeWrapper, describeVersion } = await import('./wrapper-help.js');
  process.stdout.write(options.isOn('help') ? describeWrapper() : describeVersion());
}

/** Ends as Codex ended: by its exit code, or by the signal that ended it. */
function exitAs(exit: Exit, stopForwarding: () => void): void {
  if (exit.signal === undefined) leave(exit.code);
  stopForwarding();
  // Node ignores SIGPIPE and SIGXFSZ; a listener that comes and goes gives a signal its own meaning back.
  if (exit.signal === 'SIGPIPE' || exit.signal === 'SIGXFSZ') process.on(exit.signal, noop).off(exit.signal, noop);
  process.kill(process.pid, exit.signal);
  // A signal that does not end Node, such as one that is ignored, leaves the shell's code for it.
  setTimeout(() => leave(128 + (constants.signals[exit.signal] ?? 0)), 100);
}

/** At its exit Node sets the terminal back to what it was, which nobody asked for, and crashes where it is gone (20). */
function leave(code: number): never {
  for (const fd of [0, 1, 2]) {
    try {
      closeSync(fd);
    } catch {
      // It was closed when we began.
    }
  }
  process.exit(code);
}

function noop(): void {}
