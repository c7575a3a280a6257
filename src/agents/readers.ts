import type { CreateReader, OpenReaders, ReaderTools } from './agent.js';
import { openClaudeReaders } from './claude/reader.js';
import { openCodexReaders } from './codex/reader.js';
import { openGeminiReaders } from './gemini/reader.js';
import { AGENT_IDS, type AgentId } from './registry.js';

/** What reads the session files of each agent. It is loaded by imports alone: a report must not wait for it. */
const READERS: Readonly<Record<AgentId, OpenReaders>> = {
  codex: openCodexReaders,
  claude: openClaudeReaders,
  gemini: openGeminiReaders,
};

/** Prepares the reading of session files of all agents, in one thread. */
export function openReaders(tools: ReaderTools): Readonly<Record<AgentId, CreateReader>> {
  return Object.fromEntries(AGENT_IDS.map((id) => [id, READERS[id](tools)])) as Record<AgentId, CreateReader>;
}
