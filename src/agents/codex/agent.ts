import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../agent.js';
import { parseSessionFileName } from './session-file.js';

export const codex: Agent = {
  label: 'Codex',
  homeVariable: 'CODEX_HOME',
  usualHomes: [join(homedir(), '.codex')],
  sessionFolders: ['sessions', 'archived_sessions'],
  sellers: ['openai', 'chatgpt', 'codex'],
  isSessionFile: (name) => parseSessionFileName(name) !== undefined,
};
