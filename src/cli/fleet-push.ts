import type { ChildProcess } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';

const USAGE = fileURLToPath(new URL('./usage.cjs', import.meta.url));
/** How long a push that goes on beside runs waits for the next change before it ends. */
const IDLE = '60s';

/** Pushes of a metered run to the targets of the fleet, by processes of their own. */
export interface FleetPush {
  /** Starts, at the first call, a process that pushes while something changes. It outlives this one. Never throws. */
  start(): void;
  /** Pushes what is left where a target's `wait` says so, and resolves when that has ended or its time is over. */
  finish(): Promise<void>;
}

/** Undefined where no target is set: then nothing of this is loaded or started. */
export function createFleetPush(
  { fleet }: Pick<Settings, 'fleet'>,
  { database }: Paths,
  log: Log,
): FleetPush | undefined {
  if (fleet.length === 0) return undefined;
  const run = async (args: readonly string[]): Promise<ChildProcess> => {
    // Most runs have no target, and the module takes milliseconds to load.
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, [USAGE, 'push', ...args], {
      // Not the folder of the run, which this process would hold.
      cwd: dirname(database),
      detached: true,
      env: { ...process.env, CODEX_METERED_DB: database },
      stdio: 'ignore',
    });
    child.once('error', (error) => log.warn('A push could not be started.', { reason: messageOf(error) }));
    child.unref();
    return child;
  };
  let isStarted = false;
  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      void attempt(run(['--watch', '--idle', IDLE]), log);
    },
    async finish() {
      const waited = fleet.filter(({ value }) => value.waitMs > 0);
      await Promise.all(
        waited.map(async ({ value: { name, waitMs } }) => {
          const child = await attempt(run([name, '--wait', `${waitMs}ms`]), log);
          if (child) await untilExit(child, waitMs);
        }),
      );
    },
  };
}

async function attempt(started: Promise<ChildProcess>, log: Log): Promise<ChildProcess | undefined> {
  try {
    return await started;
  } catch (error) {
    log.warn('A push could not be started.', { reason: messageOf(error) });
    return undefined;
  }
}

function untilExit(child: ChildProcess, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, limitMs);
    const end = () => {
      clearTimeout(limit);
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
}
