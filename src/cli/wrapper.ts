import { constants } from 'node:os';
import { CodexNotFoundError, messageOf, UsageError } from '../errors.js';
import { attribute } from '../meter/attribution.js';
import { type CodexCommand, describeCommand } from '../process/argv.js';
import { type Exit, spawnCodex } from '../process/child.js';
import { locateCodex } from '../process/locate.js';
import { resolveProgram } from '../process/native.js';
import { forwardSignals } from '../process/signals.js';
import { standInForStreams } from '../process/stand-ins.js';
import { HANDS_OFF, planStreams } from '../process/streams.js';
import type { Attribution } from '../usage/record.js';
import type { Metering, MeteringFacts } from './wrapper-metering.js';
import { parseWrapperOptions, type WrapperOptions } from './wrapper-options.js';
import type { Telemetry } from './wrapper-telemetry.js';

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`codex-metered: ${messageOf(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : error instanceof CodexNotFoundError ? 127 : 1;
});

async function main(argv: readonly string[]): Promise<void> {
  const { options, codexArgs } = parseWrapperOptions(argv, process.env);
  if (options.isOn('help') || options.isOn('version')) return showHelp(options);
  standInForStreams(process);
  const command = describeCommand(codexArgs);
  const metered = command.output !== 'other' && !command.asksForHelp && !options.isOn('off');
  const startedAtMs = Date.now();
  const attribution = attributeTo(options, command, startedAtMs);
  const codexPath = locateCodex({
    wanted: options.value('codex'),
    env: process.env,
    cwd: readCwd(),
    self: process.argv[1] ?? '',
  });

  // What Codex writes before the metering is loaded waits for it.
  const waiting: [chunk: Buffer, atMs: number][] = [];
  let observe: Metering['observe'] = (...arrived) => void waiting.push(arrived);
  const telemetry = metered && command.ephemeral ? await openTelemetry(codexArgs, command) : undefined;
  const signals = forwardSignals(process);
  const child = await spawnCodex({
    program: resolveProgram(codexPath, process.env),
    args: [...(telemetry?.args ?? []), ...codexArgs],
    env: process.env,
    streams: metered ? planStreams(command) : HANDS_OFF,
    observe: (chunk) => observe(chunk, Date.now()),
  });
  signals.to(child.passOn);
  if (!metered) return exitAs(await child.ended, signals.stop);

  const { pid } = child;
  const metering = await startMetering({ options, command, attribution, codexPath, pid, startedAtMs, telemetry });
  observe = metering?.observe ?? (() => undefined);
  for (const arrived of waiting.splice(0)) observe(...arrived);
  const exit = await child.ended;
  await metering?.finish(exit, signals.interrupted());
  exitAs(exit, signals.stop);
}

/** Without a session file Codex's telemetry is the source, where the user has none of their own set up. */
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
    return createMetering(facts);
  } catch {
    return undefined;
  }
}

function attributeTo(options: WrapperOptions, command: CodexCommand, startedAtMs: number): Attribution {
  return attribute(
    {
      project: options.get('project'),
      run: options.get('run-id'),
      phase: options.get('phase'),
      iteration: options.get('iteration'),
      outputPattern: options.value('output-pattern'),
    },
    { ...command, command: command.name, cwd: readCwd(), startedAtMs },
  );
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
  if (exit.signal === undefined) process.exit(exit.code);
  stopForwarding();
  // Node ignores SIGPIPE and SIGXFSZ; a listener that comes and goes gives a signal its own meaning back.
  if (exit.signal === 'SIGPIPE' || exit.signal === 'SIGXFSZ') process.on(exit.signal, noop).off(exit.signal, noop);
  process.kill(process.pid, exit.signal);
  // A signal that does not end Node, such as one that is ignored, leaves the shell's code for it.
  setTimeout(() => process.exit(128 + (constants.signals[exit.signal] ?? 0)), 100);
}

function noop(): void {}
