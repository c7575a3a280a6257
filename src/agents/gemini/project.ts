import { basename, dirname, join } from 'node:path';
import { readRegularFile } from '../../files/regular-file.js';
import { CHATS } from './agent.js';

/** Names the project's directory, beside the folder of its sessions. Releases that named that folder by a hash had none. */
const ROOT_FILE = '.project_root';
const LONGEST_PATH = 4096;

/** The directory that the session file at `path` belongs to. Undefined where nothing says it. */
export function findProjectRoot(path: string): string | undefined {
  const folder = dirname(path);
  const chats = basename(folder) === CHATS ? folder : dirname(folder);
  try {
    const root = readRegularFile(join(dirname(chats), ROOT_FILE), LONGEST_PATH)
      .toString('utf8')
      .trim();
    return root === '' ? undefined : root;
  } catch {
    return undefined;
  }
}

/** The session that the sub-agent whose file is at `path` works for. */
export function findParentSession(path: string): string {
  return basename(dirname(path));
}
