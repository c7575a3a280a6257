import type { Paths } from '../../config/paths.js';
import { listMirrorSettings, listPrices, type Settings } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import type { CostUnit } from '../../usage/unit.js';
import { describeCompletionCommand } from './completion.js';
import { describeConfigCommand, runConfigCommand } from './config.js';
import { describeCostCommands } from './cost-options.js';
import type { CommandDescription } from './description.js';
import { describeDoctorCommand } from './doctor-options.js';
import { describeExportCommand } from './export-options.js';
import type { Host } from './host.js';
import { type HostSettings, readHostSettings } from './host-settings.js';
import { describeImportCommand } from './import-options.js';
import { describeMirrorCommand } from './mirror-options.js';
import { runPeriodCommand } from './period.js';
import { describePeriodCommands } from './period-options.js';
import { describePriceCommands } from './price-options.js';
import { readQuickLine } from './quick-line.js';
import { describeServeCommand } from './serve-options.js';
import { describeStatuslineCommand } from './statusline-options.js';
import { describeWatchCommand } from './watch-options.js';

export interface ProgramHooks {
  /** Runs before a command reads the database; not for `--help` and `--version`. */
  beforeCommand(paths: Paths, settings: Settings): Promise<void> | void;
  /** Brings the record up to date with past sessions; not with `--no-import`. Never rejects. */
  beforeReport(paths: Paths, settings: Settings): Promise<void> | void;
}

/** Runs the command line of `host`. Returns the exit code: 0, 1 when there is nothing to show, 2 for wrong usage. */
export async function runProgram(host: Host, hooks: ProgramHooks): Promise<number> {
  const around = await readHostSettings(host);
  let exitCode = 0;
  const commands = describeCommands(host, hooks, around, (code) => {
    exitCode = code;
  });
  try {
    const quick = readQuickLine(host.args, commands);
    if (quick) await quick.perform();
    else exitCode = (await explain(host, around.paths, commands)) ?? exitCode;
    return exitCode;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    host.stderr.write(`error: ${error.message}\n`);
    return 2;
  }
}

async function explain(host: Host, paths: Paths, commands: readonly CommandDescription[]): Promise<number | undefined> {
  const { readExplainedLine } = await import('./explained-line.js');
  return readExplainedLine(host, paths, commands);
}

function describeCommands(
  host: Host,
  { beforeCommand, beforeReport }: ProgramHooks,
  { settings, fault, paths, places }: HostSettings,
  end: (exitCode: number) => void,
): CommandDescription[] {
  const begin = async ({ history }: { readonly history?: 'import' | 'as-it-is' }) => {
    if (fault) throw fault;
    await beforeCommand(paths, settings);
    if (history === 'import') await beforeReport(paths, settings);
  };
  const inTimeZone = <Request extends { readonly timeZone: string | undefined }>(request: Request): Request => {
    return { ...request, timeZone: request.timeZone ?? settings.timeZone.value };
  };
  const inUnit = <Request extends { readonly unit: CostUnit | undefined }>(request: Request): Request => {
    return { ...request, unit: request.unit ?? settings.unit.value };
  };
  const changing = { ...paths, userPrices: listPrices(settings), ...listMirrorSettings(settings) };
  const commands = [
    ...describeCostCommands(async (request) => {
      await begin(request);
      // Each is loaded by who asks for it. Reports over time, asked for most, are here.
      const { runCostCommand } = await import('./reports.js');
      end(await runCostCommand(inUnit(inTimeZone(request)), host, { ...paths, project: settings.project.value }));
    }),
    ...describePeriodCommands(async (request) => {
      await begin(request);
      end(await runPeriodCommand(inUnit(inTimeZone(request)), host, paths));
    }),
    describeExportCommand(async (request) => {
      await begin(request);
      const { runExportCommand } = await import('./reports.js');
      end(await runExportCommand(inTimeZone(request), host, paths));
    }),
    ...describePriceCommands(async (request) => {
      await begin({});
      const { runPriceCommand } = await import('./reports.js');
      end(await runPriceCommand(inTimeZone(request), host, changing));
    }),
    describeDoctorCommand(async (request) => {
      if (!fault) await begin({});
      const { runDoctor } = await import('./reports.js');
      end(runDoctor(request, host, { paths, places, configFault: fault, settings }));
    }),
    describeImportCommand(async (request) => {
      await begin({});
      const { runImportCommand } = await import('./import.js');
      end(await runImportCommand(request, host, changing));
    }),
    describeMirrorCommand(async (request) => {
      await begin({});
      const { runMirrorCommand } = await import('./mirror.js');
      end(await runMirrorCommand(request, host, changing));
    }),
    describeConfigCommand(async (request) => {
      if (fault) throw fault;
      runConfigCommand(request, host, { settings, paths, places });
    }),
    describeWatchCommand(async (request) => {
      await begin({});
      const { runWatchCommand } = await import('./watch.js');
      end(await runWatchCommand(inTimeZone(request), host, paths));
    }),
    describeStatuslineCommand(async (request) => {
      const { runStatusline } = await import('./statusline.js');
      await runStatusline(request, host);
    }),
    describeServeCommand(async (request) => {
      await begin({});
      const { runServeCommand } = await import('./serve.js');
      end(await runServeCommand(request, host, { paths, settings, catchUp: () => beforeCommand(paths, settings) }));
    }),
  ];
  return [...commands, describeCompletionCommand(commands, host)];
}
