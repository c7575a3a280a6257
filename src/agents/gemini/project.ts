import { basename, dirname, join } from 'node:path';
import { readRegularFile } from '../../files/regular-file.js';
import { CHATS } from './agent.js';

/** This file beside the folder of the sessions names the project's directory. Releases that named the folder by a hash had none. */
const ROOT_FILE = '.project_root';
const LONGEST_PATH = 4096;

/** Returns the project's directory of the session file at `path`. Undefined where no file names it. */
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

/** Returns the session of the sub-agent whose file is at `path`. */
export function findParentSession(path: string): string {
  return basename(dirname(path));
}
