import { type FSWatcher, watch } from 'node:fs';
import { monotonicMs } from '../node/clock.js';

/**
 * Watches folders for changes of the files in them. A folder that cannot be watched is no error, because the caller polls as
 * well. `onChange` gets the folder, and the name of the file that came, changed or went in it.
 */
export function createFolderWatch(onChange: (folder: string, fileName: string) => void) {
  const watchers = new Map<string, FSWatcher>();
  const drop = (folder: string) => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    add(folder: string): void {
      if (watchers.has(folder)) return;
      try {
        const watcher = watch(folder, { persistent: false }, (_event, fileName) => {
          if (fileName) onChange(folder, fileName);
        });
        watcher.on('error', () => drop(folder));
        watchers.set(folder, watcher);
      } catch {
        // The folder does not exist yet, or the system has no more watches.
      }
    },
    /** Whether `folder` is watched. It is not while it does not exist. */
    has: (folder: string) => watchers.has(folder),
    close(): void {
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}

/**
 * Limits how often `work` runs when very many changes come at a time: it is not begun again within `gapMs` of its end. `work` must
 * not reject. `run` runs it at once, or, where it runs or ran a moment ago, once when that moment has passed. `cancel` forgets
 * what was to be run later.
 */
export function createThrottle(work: () => Promise<void>, gapMs: number) {
  let isRunning = false;
  let endedAtMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const run = () => {
    const waitMs = isRunning ? gapMs : endedAtMs + gapMs - monotonicMs();
    if (waitMs <= 0) {
      isRunning = true;
      void work().then(() => {
        isRunning = false;
        endedAtMs = monotonicMs();
      });
      return;
    }
    timer ??= setTimeout(() => {
      timer = undefined;
      run();
    }, waitMs).unref();
  };
  return { run, cancel: () => clearTimeout(timer) };
}
