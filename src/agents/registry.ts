import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Provider } from '../usage/provider.js';
import type { Agent } from './agent.js';
import { claude } from './claude/agent.js';
import { codex } from './codex/agent.js';
import { gemini } from './gemini/agent.js';

/** Every agent whose session files are read. Their readers are in readers.ts, which is loaded by imports alone. */
export const AGENTS = { codex, claude, gemini } satisfies Partial<Record<Provider, Agent>>;
export type AgentId = keyof typeof AGENTS;

export const AGENT_IDS = Object.keys(AGENTS) as readonly AgentId[];

/** The folders in which agents keep everything. Absolute paths; a folder that does not exist holds no sessions. */
export type AgentHomes = Partial<Readonly<Record<AgentId, readonly string[]>>>;

/** Returns the homes that `env` names, or else the usual ones, of all agents or of `only` these. */
export function findHomes(env: NodeJS.ProcessEnv, only: readonly AgentId[] = AGENT_IDS): AgentHomes {
  return Object.fromEntries(
    only.map((id) => {
      const { homeVariable, usualHomes } = AGENTS[id];
      const named = (env[homeVariable] ?? '').split(',').flatMap((path) => path.trim() || []);
      return [id, named.length > 0 ? named.map((path) => resolve(path)) : usualHomes];
    }),
  );
}

/** Returns the folders that hold the session files of `homes`. */
export function listSessionFolders(homes: AgentHomes): string[] {
  return AGENT_IDS.flatMap((id) => {
    return (homes[id] ?? []).flatMap((home) => AGENTS[id].sessionFolders.map((folder) => join(home, folder)));
  });
}

/** Returns "Codex, Claude Code and Gemini CLI", or the same with "or". */
export function nameAgents(conjunction: 'and' | 'or' = 'and'): string {
  return enumerate(
    AGENT_IDS.map((id) => AGENTS[id].label),
    conjunction,
  );
}

/** Returns "CODEX_HOME, CLAUDE_CONFIG_DIR and GEMINI_CLI_HOME". */
export function nameHomeVariables(): string {
  return enumerate(
    AGENT_IDS.map((id) => AGENTS[id].homeVariable),
    'and',
  );
}

/** Returns a line for each agent: where its session files are, as the help of a command says it. */
export function describeSessionFolders(): string {
  const width = Math.max(...AGENT_IDS.map((id) => AGENTS[id].label.length));
  const lines = AGENT_IDS.map((id) => {
    const { label, homeVariable, usualHomes, sessionFolders } = AGENTS[id];
    const homes = usualHomes.map((home) => home.replace(homedir(), '~')).join(' or ');
    return `  ${label.padEnd(width)}  ${sessionFolders.join(', ')} in $${homeVariable}, or in ${homes}`;
  });
  return lines.join('\n');
}

function enumerate(names: readonly string[], conjunction: string): string {
  return names.join(', ').replace(/, ([^,]*)$/, ` ${conjunction} $1`);
}
