import { AGENT_IDS, type AgentId, nameAgents } from '../../agents/registry.js';
import { UsageError } from '../../errors.js';
import type { CommandDescription } from './description.js';

/** What is asked of `codex-usage import`. */
export interface ImportRequest {
  readonly format: 'text' | 'json';
  readonly provider: AgentId | 'all';
  /** A runner's directory to backfill from. */
  readonly runs: string | undefined;
  readonly projectId: string | undefined;
}

interface Options {
  readonly json?: boolean;
  readonly runs?: string;
  readonly project?: string;
  readonly provider: ImportRequest['provider'];
}

const HELP = `
It reads what Codex keeps in $CODEX_HOME (or ~/.codex; several with commas between them), in sessions
and archived_sessions, what Claude Code keeps in $CLAUDE_CONFIG_DIR (or ~/.claude), and what Gemini CLI
keeps in .gemini/tmp of $GEMINI_CLI_HOME (or of your home). Each response counts once: forks, archived
copies and what codex-metered has recorded already are recognised. A second import reads only what has
changed. The reports do it first, unless --no-import.

Files that cannot be read are listed; they are no reason to fail.

With --runs it also records runs that were made before they were metered, from the codex.log, prompt.txt
and result.json that a runner kept of each: from the session file where that is still there (actual),
from the log's own token lines (parsed), else from the prompt and the result (estimated).

Examples:
  codex-usage import                   all past sessions
  codex-usage import --json            how many files, responses, duplicates, unreadable lines
  codex-usage import --runs ~/runs     and the runs that a runner made there
  CODEX_HOME=~/.codex,/backup/codex codex-usage import
`;

/** `import`; `perform` is called with what is asked for. */
export function describeImportCommand(perform: (request: ImportRequest) => Promise<void>): CommandDescription {
  return {
    name: 'import',
    summary: `take in past sessions of ${nameAgents()}`,
    description: `Takes in past sessions of ${nameAgents()}, each response once.`,
    options: [
      {
        flags: '--provider <name>',
        text: 'only the sessions of one',
        choices: [...AGENT_IDS, 'all'],
        initial: 'all',
      },
      { flags: '--runs <dir>', text: "backfill runs from a runner's directory: <run>/<phase>/iter-<n>/codex.log, …" },
      {
        flags: '--project <id>',
        text: 'with --runs: the project of the runs (default: the git work tree of the directory)',
      },
      { flags: '-j, --json', text: 'a summary as JSON instead of text' },
    ],
    help: HELP,
    perform: ({ json, provider, runs, project }: Options) => {
      if (project !== undefined && runs === undefined) throw new UsageError('--project goes with --runs.');
      return perform({ format: json ? 'json' : 'text', provider, runs, projectId: project });
    },
  };
}
