import { type Command, Option } from 'commander';

/** What is asked of `codex-usage import`. */
export interface ImportRequest {
  readonly format: 'text' | 'json';
  readonly provider: 'codex' | 'claude' | 'all';
}

interface Options {
  readonly json?: boolean;
  readonly provider: ImportRequest['provider'];
}

const HELP = `
It reads what Codex keeps in $CODEX_HOME (or ~/.codex; several with commas between them), in sessions
and archived_sessions, and what Claude Code keeps in $CLAUDE_CONFIG_DIR (or ~/.claude). Each response
counts once: forks, archived copies and what codex-metered has recorded already are recognised.
A second import reads only what has changed. The reports do it first, unless --no-import.

Files that cannot be read are listed; they are no reason to fail.

Examples:
  codex-usage import                   all past sessions
  codex-usage import --json            how many files, responses, duplicates, unreadable lines
  CODEX_HOME=~/.codex,/backup/codex codex-usage import
`;

/** Adds `import` to `program`; `perform` is called with what is asked for. */
export function addImportCommand(program: Command, perform: (request: ImportRequest) => Promise<void>): void {
  program
    .command('import')
    .summary('take in past sessions of Codex and Claude Code')
    .description('Takes in past sessions of Codex and Claude Code, each response once.')
    .addHelpText('after', HELP)
    .addOption(
      new Option('--provider <name>', 'only the sessions of one').choices(['codex', 'claude', 'all']).default('all'),
    )
    .option('-j, --json', 'a summary as JSON instead of text')
    .action((_options: unknown, command: Command) => {
      const { json, provider } = command.opts<Options>();
      return perform({ format: json ? 'json' : 'text', provider });
    });
}
