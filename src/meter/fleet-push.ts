import type { ChildProcess } from 'node:child_process';
import { dirname } from 'node:path';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import type { FleetTarget } from '../usage/fleet-target.js';

/** How long a push that goes on beside runs waits for the next change before it ends. */
const IDLE = '60s';

export interface PushSetting {
  readonly targets: readonly FleetTarget[];
  readonly database: string;
  /** The program of codex-usage. */
  readonly usage: string;
  readonly log: Log;
}

/**
 * Pushes what a metered run records to the targets of the fleet, by processes of their own. Undefined where no target is set: then
 * nothing of this is loaded or started.
 */
export function createFleetPush({ targets, database, usage, log }: PushSetting) {
  if (targets.length === 0) return undefined;
  const warn = (error: unknown) => log.warn('A push could not be started.', { reason: messageOf(error) });
  const push = async (args: readonly string[]): Promise<ChildProcess | undefined> => {
    try {
      // Most runs have no target, and the module takes milliseconds to load.
      const { spawn } = await import('node:child_process');
      const child = spawn(process.execPath, [usage, 'push', ...args], {
        // Not the folder of the run, which this process would hold.
        cwd: dirname(database),
        detached: true,
        env: { ...process.env, CODEX_METERED_DB: database },
        stdio: 'ignore',
      });
      child.once('error', warn);
      child.unref();
      return child;
    } catch (error) {
      warn(error);
      return undefined;
    }
  };
  let isStarted = false;
  return {
    /** Starts, at the first call, a process that pushes while something changes. It outlives this one. Never throws. */
    start(): void {
      if (isStarted) return;
      isStarted = true;
      void push(['--watch', '--idle', IDLE]);
    },
    /** Pushes what is left where a target's `wait` says so, and resolves when that has ended or its time is over. */
    async finish(): Promise<void> {
      const waited = targets.filter(({ waitMs }) => waitMs > 0);
      await Promise.all(
        waited.map(async ({ name, waitMs }) => {
          const child = await push([name, '--wait', `${waitMs}ms`]);
          if (child) await untilExit(child, waitMs);
        }),
      );
    },
  };
}

function untilExit(child: ChildProcess, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, limitMs);
    for (const event of ['exit', 'error']) {
      child.once(event, () => {
        clearTimeout(limit);
        resolve();
      });
    }
  });
}

/** While responses come at least this often, a push that was started goes on. */
const STILL_AT_WORK_MS = 45_000;
const LAST_RECORDED_MS = new Map<string, number>();

/** Has a process push what a program has just recorded. Several calls of one program share a process for as long as it goes on. */
export function pushRecorded(setting: PushSetting): void {
  const { database } = setting;
  const nowMs = Date.now();
  const isAtWork = nowMs - (LAST_RECORDED_MS.get(database) ?? 0) < STILL_AT_WORK_MS;
  LAST_RECORDED_MS.set(database, nowMs);
  if (!isAtWork) createFleetPush(setting)?.start();
}
