import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/store/store.js';
import { runUsage } from '../harness/codex-usage.js';
import { createFolder } from '../store/samples.js';

/** A machine with a database, its settings, and codex-usage. */
export function createMachine(url: string, settings = '', name = 'usage.db') {
  const folder = createFolder();
  const database = join(folder, name);
  mkdirSync(join(folder, 'config', 'codex-metered'), { recursive: true });
  const config = join(folder, 'config', 'codex-metered', 'codex-metered.toml');
  writeFileSync(config, `[fleet.work]\nurl = "${url}"\n${settings}`);
  const env = {
    ...{ XDG_CONFIG_HOME: join(folder, 'config'), CODEX_METERED_STATE_DIR: join(folder, 'state'), HOME: folder },
    PGPASSFILE: undefined,
  };
  return {
    folder,
    database,
    config,
    env,
    usage: (args: string[], more: NodeJS.ProcessEnv = {}) => {
      return runUsage(args, { database, cwd: folder, env: { ...env, ...more } });
    },
    record(work: (store: Store) => void) {
      const store = openStore(database, { mode: 'write', busyTimeoutMs: 5000 });
      work(store);
      store.close();
    },
  };
}

export type Machine = ReturnType<typeof createMachine>;
