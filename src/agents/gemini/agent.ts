import { homedir } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Agent } from '../agent.js';

/** The folder of a project's sessions. A folder within it holds the sub-agents of the session that it is named after. */
export const CHATS = 'chats';

export const gemini: Agent = {
  label: 'Gemini CLI',
  homeVariable: 'GEMINI_CLI_HOME',
  // As its variable does, this names the folder that holds .gemini.
  usualHomes: [homedir()],
  sessionFolders: ['.gemini/tmp'],
  sellers: ['google', 'gemini'],
  // Beside its sessions Gemini CLI keeps other files there, and the model may put files of its own in the same place.
  isSessionFile(name, folder) {
    if (basename(folder) === CHATS) return /^session-.*\.jsonl?$/.test(name);
    return basename(dirname(folder)) === CHATS && name.endsWith('.jsonl');
  },
};
