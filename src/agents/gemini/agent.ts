import { homedir } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Agent } from '../agent.js';

/** The folder of a project's sessions. It has a folder for each session with sub-agents, named after the session. */
export const CHATS = 'chats';

export const gemini: Agent = {
  label: 'Gemini CLI',
  homeVariable: 'GEMINI_CLI_HOME',
  // Like the variable, this names the folder that holds .gemini.
  usualHomes: [homedir()],
  sessionFolders: ['.gemini/tmp'],
  sellers: ['google', 'gemini'],
  // Gemini CLI keeps other files there too, and the model may write files into the same folder.
  isSessionFile(name, folder) {
    if (basename(folder) === CHATS) return /^session-.*\.jsonl?$/.test(name);
    return basename(dirname(folder)) === CHATS && name.endsWith('.jsonl');
  },
};
