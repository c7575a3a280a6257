import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Mirror } from '../../src/store/mirror.js';
import { type ControlCenter, openControlCenter } from '../harness/control-center.js';
import { createFolder, createStore } from './samples.js';

/** A database of another program, which is closed after the running test. */
export function createCenter(path: string, parents?: Parameters<typeof openControlCenter>[1]): ControlCenter {
  const center = openControlCenter(path, parents);
  onTestFinished(() => void center.connection.close());
  return center;
}

/** Another program's database with projects and runs, a store, and mirrors from this one to that, of the running test alone. */
export function createMirrors(parents: Parameters<typeof openControlCenter>[1] = {}) {
  const folder = createFolder();
  const center = createCenter(join(folder, 'center.db'), parents);
  const store = createStore(join(folder, 'usage.db'));
  const mirrorDirectory = join(folder, 'mirror');
  const warned: string[] = [];
  const log = { warn: (_: string, { reason }: Record<string, unknown>) => void warned.push(String(reason)) };
  /** A mirror as a command opens it. `none`: of a command that names no other database. */
  const open = (costRecords: string | 'none' = center.path, estimates: 'replace' | 'keep' = 'replace') => {
    const path = costRecords === 'none' ? undefined : costRecords;
    return new Mirror({ costRecords: path, estimates, mirrorDirectory }, log);
  };
  return {
    ...{ folder, center, store, mirrorDirectory, warned, open },
    /** Queues invocations, and has a command mirror what is queued and lost. */
    mirrorAgain(ids: readonly string[], estimates?: 'replace' | 'keep') {
      const mirror = open(center.path, estimates);
      mirror.watch(store);
      for (const id of ids) mirror.expect(id);
      mirror.catchUp();
    },
    ids: () => center.rows().map(({ id }) => id),
  };
}
