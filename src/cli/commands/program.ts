import { Command, CommanderError } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import type { Paths } from '../../config/paths.js';
import { listPrices, type Settings } from '../../config/settings.js';
import { isUsageError } from '../../errors.js';
import { addConfigCommand, runConfigCommand } from './config.js';
import { addCostCommands } from './cost-options.js';
import { addDoctorCommand } from './doctor-options.js';
import { addExportCommand } from './export-options.js';
import type { Host } from './host.js';
import { readHostSettings } from './host-settings.js';
import { addImportCommand } from './import-options.js';
import { addPeriodCommands } from './period-options.js';
import { addPriceCommands } from './price-options.js';
import { addServeCommand } from './serve-options.js';
import { addStatuslineCommand } from './statusline-options.js';
import { addWatchCommand } from './watch-options.js';

export interface ProgramHooks {
  /** Runs before a command reads the database; not for `--help` and `--version`. */
  beforeCommand(paths: Paths, settings: Settings): Promise<void> | void;
  /** Brings the record up to date with past sessions; not with `--no-import`. Never rejects. */
  beforeReport(paths: Paths, settings: Settings): Promise<void> | void;
}

/** Runs the command line of `host`. Returns the exit code: 0, 1 when there is nothing to show, 2 for wrong usage. */
export async function runProgram(host: Host, { beforeCommand, beforeReport }: ProgramHooks): Promise<number> {
  const { settings, fault, paths, places } = await readHostSettings(host);
  const program = createProgram(host, paths);
  const begin = async ({ history }: { readonly history?: 'import' | 'as-it-is' }) => {
    if (fault) throw fault;
    await beforeCommand(paths, settings);
    if (history === 'import') await beforeReport(paths, settings);
  };
  const inTimeZone = <Request extends { readonly timeZone: string | undefined }>(request: Request): Request => {
    return { ...request, timeZone: request.timeZone ?? settings.timeZone.value };
  };
  const changing = { ...paths, userPrices: listPrices(settings), costRecords: settings.costRecords.value };
  let exitCode = 0;
  addCostCommands(program, async (request) => {
    await begin(request);
    // SQLite and the table are loaded by who needs them: `--help` does not.
    const { runCostCommand } = await import('./reports.js');
    exitCode = await runCostCommand(inTimeZone(request), host, { ...paths, project: settings.project.value });
  });
  addPeriodCommands(program, async (request) => {
    await begin(request);
    const { runPeriodCommand } = await import('./reports.js');
    exitCode = await runPeriodCommand(inTimeZone(request), host, paths);
  });
  addExportCommand(program, async (request) => {
    await begin(request);
    const { runExportCommand } = await import('./reports.js');
    exitCode = await runExportCommand(inTimeZone(request), host, paths);
  });
  addPriceCommands(program, async (request) => {
    await begin({});
    const { runPriceCommand } = await import('./reports.js');
    exitCode = await runPriceCommand(inTimeZone(request), host, changing);
  });
  addDoctorCommand(program, async (request) => {
    if (!fault) await begin({});
    const { runDoctor } = await import('./reports.js');
    exitCode = runDoctor(request, host, { paths, places, configFault: fault });
  });
  addImportCommand(program, async (request) => {
    await begin({});
    const { runImportCommand } = await import('./reports.js');
    exitCode = await runImportCommand(request, host, changing);
  });
  addConfigCommand(program, async (request) => {
    if (fault) throw fault;
    runConfigCommand(request, host, { settings, paths, places });
  });
  addWatchCommand(program, async (request) => {
    await begin({});
    const { runWatchCommand } = await import('./watch.js');
    exitCode = await runWatchCommand(inTimeZone(request), host, paths);
  });
  addStatuslineCommand(program, async (request) => {
    const { runStatusline } = await import('./statusline.js');
    await runStatusline(request, host);
  });
  addServeCommand(program, async (request) => {
    await begin({});
    const { runServeCommand } = await import('./serve.js');
    exitCode = await runServeCommand(request, host, { paths, settings, catchUp: () => beforeCommand(paths, settings) });
  });
  try {
    await program.parseAsync(host.args.length === 0 ? ['--help'] : host.args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!isUsageError(error)) throw error;
    host.stderr.write(`error: ${error.message}\n`);
    return 2;
  }
}

function createProgram(host: Host, { database }: Paths): Command {
  return new Command('codex-usage')
    .description('Shows what Codex cost, as codex-metered recorded it.')
    .version(manifest.version, '-v, --version')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', describeSurroundings(database))
    .showHelpAfterError('(codex-usage --help lists the commands and options.)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
    });
}

function describeSurroundings(database: string): string {
  return `
Examples:
  codex-usage run                  what the newest run cost
  codex-usage run nightly-7        what that run cost
  codex-usage run --list           the newest runs
  codex-usage session --json       the newest Codex thread, as JSON
  codex-usage import               take in all past sessions
  codex-usage daily --last 7       what each of the last seven days cost
  codex-usage watch                what runs now, as it happens
  codex-usage statusline           one line for a prompt or tmux
  codex-usage monthly --json       what each month cost, as JSON
  codex-usage doctor               whether all is well
  codex-usage config               the settings that hold here
  codex-usage serve --open         all of it in a browser

The database is ${database}
(CODEX_METERED_DB or a codex-metered.toml sets another). "codex-usage help run" tells all about a command.
Exit code: 0 done, 1 nothing to show or no readable database, 2 wrong usage.
`;
}
