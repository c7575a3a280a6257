import { openClaudeReaders } from './claude/reader.js';
import { openCodexReaders } from './codex/reader.js';
import { openGeminiReaders } from './gemini/reader.js';
import { AGENT_IDS, type AgentId } from './registry.js';
import { createSessionReader, type OpenReaders, type ReaderTools, type SessionReader } from './session-reader.js';

/** What reads the session files of each agent. Only imports load it: a report must not wait for it. */
const READERS: Readonly<Record<AgentId, OpenReaders>> = {
  codex: openCodexReaders,
  claude: openClaudeReaders,
  gemini: openGeminiReaders,
};

/** Creates the reader of a session file at `path`. `saved`: what an earlier reading of the same file left. */
export type CreateReader = (path: string, saved: object | undefined) => SessionReader;

/** Prepares the reading of session files of all agents, in one thread. */
export function openReaders(tools: ReaderTools): Readonly<Record<AgentId, CreateReader>> {
  const readers = AGENT_IDS.map((id): [AgentId, CreateReader] => {
    const open = READERS[id](tools);
    return [id, (path, saved) => createSessionReader(open(path, saved))];
  });
  return Object.fromEntries(readers) as Record<AgentId, CreateReader>;
}
