import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../agent.js';

export const claude: Agent = {
  label: 'Claude Code',
  homeVariable: 'CLAUDE_CONFIG_DIR',
  // Claude Code moved from the second folder to the first and back.
  usualHomes: [join(homedir(), '.config', 'claude'), join(homedir(), '.claude')],
  sessionFolders: ['projects'],
  sellers: ['anthropic', 'claude'],
  isSessionFile: (name) => name.endsWith('.jsonl'),
};
