import type { Paths } from '../../config/paths.js';
import { openLog } from '../../log.js';
import { Mirror } from '../../store/mirror.js';

export interface MirrorSettings extends Paths {
  /** Another program's database, whose table `cost_records` is kept up to date too. */
  readonly costRecords: string | undefined;
}

/** Lets `work` change what is recorded, and has it mirrored. */
export async function withMirror<T>(settings: MirrorSettings, work: (mirror: Mirror) => Promise<T>): Promise<T> {
  const log = openLog(settings.logFile);
  try {
    return await work(new Mirror(settings, log));
  } finally {
    await log.flush();
  }
}
