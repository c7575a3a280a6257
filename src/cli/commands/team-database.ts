import { basename, dirname, join } from 'node:path';
import type { Paths } from '../../config/paths.js';

const NAME = 'team.db';

/** The database that a pull fills: beside that of this machine. */
export function nameTeamDatabase({ database }: Pick<Paths, 'database'>): string {
  return join(dirname(database), NAME);
}

export function isTeamDatabase(path: string): boolean {
  return basename(path) === NAME;
}
