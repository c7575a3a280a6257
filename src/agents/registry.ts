import { resolve } from 'node:path';
import type { Agent } from './agent.js';
import { claude } from './claude/agent.js';
import { codex } from './codex/agent.js';

/** Every agent whose session files are read. What reads them is loaded apart from this: readers.ts. */
export const AGENTS = { codex, claude } satisfies Record<string, Agent>;
export type AgentId = keyof typeof AGENTS;

export const AGENT_IDS = Object.keys(AGENTS) as readonly AgentId[];

/** Where agents keep everything. Absolute paths; a folder that does not exist holds no sessions. */
export type AgentHomes = Partial<Readonly<Record<AgentId, readonly string[]>>>;

/** Where past sessions lie: every home that `env` names, or else the usual ones. `only`: of these agents. */
export function findHomes(env: NodeJS.ProcessEnv, only: readonly AgentId[] = AGENT_IDS): AgentHomes {
  return Object.fromEntries(
    only.map((id) => {
      const { homeVariable, usualHomes } = AGENTS[id];
      const named = (env[homeVariable] ?? '').split(',').flatMap((path) => path.trim() || []);
      return [id, named.length > 0 ? named.map((path) => resolve(path)) : usualHomes];
    }),
  );
}

/** "Codex and Claude Code" */
export function nameAgents(): string {
  return AGENT_IDS.map((id) => AGENTS[id].label).join(' and ');
}

/** "CODEX_HOME and CLAUDE_CONFIG_DIR" */
export function nameHomeVariables(): string {
  return AGENT_IDS.map((id) => AGENTS[id].homeVariable).join(' and ');
}
