import type { OpenReaders } from './agent.js';
import { openClaudeReaders } from './claude/reader.js';
import { openCodexReaders } from './codex/reader.js';
import type { AgentId } from './registry.js';

/** What reads the session files of each agent. It is loaded by imports alone: a report must not wait for it. */
export const READERS: Readonly<Record<AgentId, OpenReaders>> = { codex: openCodexReaders, claude: openClaudeReaders };
