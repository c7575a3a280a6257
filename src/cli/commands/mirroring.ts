import type { Paths } from '../../config/paths.js';
import { type Log, openLog } from '../../log.js';
import { Mirror } from '../../store/mirror.js';

export interface MirrorSettings extends Paths {
  /** Another program's database, whose table `cost_records` is kept up to date too. */
  readonly costRecords: string | undefined;
}

/** Lets `work` change what is recorded, and has it mirrored. */
export async function withMirror<T>(
  settings: MirrorSettings,
  work: (mirror: Mirror, log: Log) => Promise<T>,
): Promise<T> {
  const log = openLog(settings.logFile);
  return await work(new Mirror(settings, log), log);
}
