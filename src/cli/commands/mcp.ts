import process from 'node:process';
import manifest from '../../../package.json' with { type: 'json' };
import type { Answer } from '../../mcp/server.js';
import type { AskingRun } from '../../mcp/tools.js';
import { isAlive, readStat } from '../../process/processes.js';
import { findRunsOfProcesses } from '../../store/activity.js';
import { openConnection } from '../../store/open.js';
import { type CommandList, defineCommand } from './command.js';
import { type Host, readHostSettings } from './host.js';
import { runProgram } from './program.js';

const HELP = `
An agent starts it and asks over its standard streams (the Model Context Protocol). Its tools are cost, why,
budget, period and compare; each answers as the command with --json does. It only reads: it takes nothing in,
so what killed meters have left and new past sessions are counted once another command has been called.

Examples:
  codex mcp add usage -- codex-usage mcp       for Codex
  claude mcp add usage -- codex-usage mcp      for Claude Code
`;

/** How long an answer waits for a run that is writing. */
const BUSY_TIMEOUT_MS = 1000;
/** Texts are for a model that may show them to a person. */
const COLUMNS = 100;
/** Launchers and shells between Codex and this process; more is a loop. */
const MOST_ANCESTORS = 20;

export const mcp = defineCommand({
  name: 'mcp',
  summary: 'answers an agent that asks what a run cost, why, and what is left',
  description: 'Answers an agent that asks what a run cost, why, and what is left of the budget. Ends with its input.',
  options: {},
  help: HELP,
  async run({ host, commands }) {
    // A bundle of its own (scripts/dist.js): no other command waits for the library that it needs.
    const { serveMcp } = await import('../../mcp/server.js');
    const ancestors = listAncestors();
    await serveMcp({
      version: manifest.version,
      input: process.stdin,
      write: (text) => host.stdout.write(text),
      ask: (line) => runReadOnly(line, host, commands),
      findAskingRun: () => findAskingRun(host, ancestors),
    });
    return 0;
  },
});

/** Runs a command line of codex-usage as it runs in a terminal, but without catching up, importing and writing. */
async function runReadOnly(args: readonly string[], host: Host, commands: CommandList): Promise<Answer> {
  const printed = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof printed) => ({
    columns: COLUMNS,
    write: (text: string) => {
      printed[name] += text;
    },
  });
  const quiet: Host = { ...host, args, access: 'read-only', stdout: collect('stdout'), stderr: collect('stderr') };
  const nothing = () => undefined;
  const exitCode = await runProgram(quiet, commands, { beforeCommand: nothing, beforeReport: nothing });
  return { exitCode, ...printed };
}

/** The run of the metered Codex that has started this process, or else the one that the environment names. */
async function findAskingRun(host: Host, ancestors: readonly number[]): Promise<AskingRun | undefined> {
  const { paths } = await readHostSettings(host);
  const { CODEX_METERED_RUN_ID: runId, CODEX_METERED_PROJECT: projectId } = host.env;
  return findMeteredAncestor(paths.database, ancestors) ?? (runId ? { runId, projectId } : undefined);
}

function findMeteredAncestor(database: string, ancestors: readonly number[]): AskingRun | undefined {
  try {
    const connection = openConnection(database, { mode: 'read-only', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      return findRunsOfProcesses(connection, ancestors).find(({ pid, startedAtMs }) => isAlive(pid, startedAtMs));
    } finally {
      connection.close();
    }
  } catch {
    // The command that is asked next says what is wrong with the database.
    return undefined;
  }
}

/** The process that has started this one, the one that has started that, and so on. On other systems than Linux only the first. */
function listAncestors(): number[] {
  const ancestors = [process.ppid];
  for (let pid = process.ppid; ancestors.length < MOST_ANCESTORS; ) {
    const parent = readStat(pid)?.parentPid ?? 0;
    if (parent <= 1) break;
    ancestors.push(parent);
    pid = parent;
  }
  return ancestors;
}
