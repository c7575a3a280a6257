import { resolve } from 'node:path';
import { loadSettings } from '../config/load.js';
import type { Setting } from '../config/setting.js';
import { resolveSettings, type Settings } from '../config/settings.js';
import { CodexNotFoundError, messageOf, UsageError } from '../errors.js';
import { readCwd } from '../files/folders.js';
import { findWorkTree } from '../io/work-tree.js';
import { attribute } from '../meter/attribution.js';
import { type CodexCommand, describeCommand } from '../process/argv.js';
import { spawnCodex } from '../process/child.js';
import { callGuardian } from '../process/guardian.js';
import { locateCodex } from '../process/locate.js';
import { resolveProgram } from '../process/native.js';
import { forwardSignals } from '../process/signals.js';
import { ALL_INHERITED, replaceStandardStreams } from '../process/streams.js';
import { exitAs } from './exit.js';
import { readPhase } from './link-name.js';
import { type MeteredRunOptions, runMetered } from './metered-run.js';
import { planEnd } from './run-end.js';
import { parseWrapperOptions, type WrapperOptions } from './wrapper-options.js';
import type { Targets } from './wrapper-targets.js';

void main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`codex-metered: ${messageOf(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : error instanceof CodexNotFoundError ? 127 : 1;
});

/** The front: starts Codex, passes on what it writes and the signals it is sent, and ends as it ends. */
async function main(argv: readonly string[]): Promise<void> {
  const { options, codexArgs } = parseWrapperOptions(argv, process.env);
  if (options.isOn('help') || options.isOn('version')) return showHelp(options);
  replaceStandardStreams(process);
  const command = describeCommand(codexArgs);
  const metered = command.threads !== 'none' && !command.asksForHelp && !options.isOn('off');
  const [startedAtMs, cwd] = [Date.now(), readCwd()];
  const settings = await readSettings(options, command, cwd, metered);
  const { phase, unknownPhase } = readPhase(options, process.argv[1] ?? '');
  const attribution = attribute(
    {
      ...{ project: named(settings.project), run: options.get('run-id'), phase, iteration: options.get('iteration') },
      outputPatterns: settings.outputPatterns.map(({ value }) => value),
      timeZone: settings.timeZone.value,
    },
    { ...command, command: command.name, cwd, startedAtMs },
  );
  const end = planEnd(options, command, process.env);
  const targets = metered ? await openTargetsOf(options) : NO_TARGETS;
  const self = process.argv[1] ?? '';
  const codexPath = locateCodex({ wanted: options.value('codex'), env: process.env, cwd, self });
  const run = { ...end, options, codexArgs, command, codexPath, cwd, settings, attribution, unknownPhase };
  return metered ? await runMetered({ ...run, startedAtMs, targets }) : await runUnmetered(run);
}

type Unmetered = Pick<MeteredRunOptions, 'codexPath' | 'codexArgs' | 'command'>;

async function runUnmetered({ codexPath, codexArgs, command }: Unmetered): Promise<void> {
  const signals = forwardSignals(process);
  const child = await spawnCodex({
    program: resolveProgram(codexPath, process.env),
    args: codexArgs,
    env: process.env,
    streams: ALL_INHERITED,
    observe: () => undefined,
  });
  signals.to(child.passOn);
  // What runs no thread does nothing on its own.
  const guardian = command.threads === 'none' || command.asksForHelp ? undefined : callGuardian(child.pid);
  const exit = await child.ended;
  guardian?.dismiss();
  exitAs(exit, signals.stop);
}

const NO_TARGETS: Targets = { reportPath: undefined, eventsFd: undefined };

/** Where a runner receives a report and events, if it asked for them. */
async function openTargetsOf(options: WrapperOptions): Promise<Targets> {
  if (!options.get('report') && !options.get('events')) return NO_TARGETS;
  const { openTargets } = await import('./wrapper-targets.js');
  return openTargets(options);
}

/** What options, the environment and, for a run that is metered, the configuration files set. */
async function readSettings(
  options: WrapperOptions,
  command: CodexCommand,
  calledIn: string,
  metered: boolean,
): Promise<Settings> {
  if (!metered) return resolveSettings(options.get, []);
  const cwd = resolve(calledIn, command.cd ?? '.');
  return await loadSettings(options.get, { cwd, root: findWorkTree(cwd)?.root ?? cwd, env: process.env });
}

function named({ value, origin }: Setting<string | undefined>) {
  return value === undefined ? undefined : { value, origin };
}

async function showHelp(options: WrapperOptions): Promise<void> {
  const { describeWrapper, describeVersion } = await import('./wrapper-help.js');
  process.stdout.write(options.isOn('help') ? describeWrapper() : describeVersion());
}
