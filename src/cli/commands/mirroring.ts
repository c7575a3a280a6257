import type { Paths } from '../../config/paths.js';
import { type Log, openLog } from '../../log.js';
import { Mirror, type MirrorPlaces } from '../../store/mirror.js';

export type MirrorSettings = Paths & MirrorPlaces;

/** Calls `work` with a mirror that writes the changes of the record to the other program's database too. */
export async function withMirror<T>(
  settings: MirrorSettings,
  work: (mirror: Mirror, log: Log) => Promise<T>,
): Promise<T> {
  const log = openLog(settings.logFile);
  return await work(new Mirror(settings, log), log);
}
